using Npgsql;

namespace Modular.IntegrationTests.Infrastructure;

/// <summary>A real PostgreSQL: the one that the environment names, a private cluster, a container, or Debian's package.</summary>
internal class PostgresServer(string connectionString, IAsyncDisposable? process = null) : IAsyncDisposable
{
    public const string Variable = "MODULAR_TEST_POSTGRES";

    private const string Image = "postgres:17-alpine";

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    /// <summary>Rights to create databases; its own database stays empty.</summary>
    public string ConnectionString { get; } = connectionString;

    public static async Task<PostgresServer> FindOrStartAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            var server = new PostgresServer(ToKeyValues(named));
            await server.WaitUntilItAnswersAsync(() => null, $"{Variable} names a PostgreSQL that does not answer");
            return server;
        }

        if (PostgresBinaries.Find() is not null)
            return await PostgresCluster.CreateAsync();
        if (await DockerEngine.OffersAsync(Image))
            return await StartContainerAsync();
        return await PostgresCluster.CreateAsync();
    }

    /// <summary>A fresh database, empty or a copy of <paramref name="template"/> (a database of this server that nobody is connected to).</summary>
    public async Task<string> CreateDatabaseAsync(string? template = null)
    {
        var name = $"modular_test_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE DATABASE \"{name}\" TEMPLATE \"{template ?? "template1"}\"");
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name, Pooling = true }.ConnectionString;
    }

    /// <summary>Drops a database that <see cref="CreateDatabaseAsync"/> made, whoever is still connected.</summary>
    public async Task DropDatabaseAsync(string database)
    {
        await using (var connection = new NpgsqlConnection(database))
            NpgsqlConnection.ClearPool(connection);
        await ExecuteAsync($"DROP DATABASE IF EXISTS \"{new NpgsqlConnectionStringBuilder(database).Database}\" WITH (FORCE)");
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (process is not null)
            await process.DisposeAsync();
    }

    /// <summary>Polls; <paramref name="failure"/> says what went wrong for good, or null while there is hope.</summary>
    protected async Task WaitUntilItAnswersAsync(Func<string?> failure, string sentence)
    {
        try
        {
            await Eventually.ReadAsync(
                async () => failure() is { } reason ? throw new StopWaitingException(reason) : await ExecuteAsync("SELECT 1"),
                _ => true,
                "PostgreSQL answers",
                StartDeadline);
        }
        catch (Exception exception) when (exception is TimeoutException or StopWaitingException)
        {
            throw new InvalidOperationException($"{sentence}: {exception.Message}", exception);
        }
    }

    private static async Task<PostgresServer> StartContainerAsync()
    {
        var port = Loopback.FreePort();
        var password = Guid.NewGuid().ToString("N");
        var container = await DockerEngine.RunAsync(
            Image, port, 5432, new Dictionary<string, string>(StringComparer.Ordinal) { ["POSTGRES_PASSWORD"] = password },
            "-c", "fsync=off", "-c", "max_connections=300");
        var server = new PostgresServer(Loopback.PostgresConnectionString(port, "postgres", password), container);
        await server.WaitUntilItAnswersAsync(
            () => container.HasExited ? string.Join('\n', container.Output) : null, $"The container {Image} does not answer");
        return server;
    }

    private static string ToKeyValues(string text)
    {
        if (!text.StartsWith("postgres://", StringComparison.Ordinal) && !text.StartsWith("postgresql://", StringComparison.Ordinal))
            return text;
        var url = new Uri(text);
        var user = url.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host,
            Port = url.Port < 0 ? 5432 : url.Port,
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
            Database = url.AbsolutePath.Trim('/') is { Length: > 0 } database ? Uri.UnescapeDataString(database) : "postgres",
        };
        foreach (var pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)))
            builder[pair[0] is "sslmode" ? "SSL Mode" : pair[0]] = Uri.UnescapeDataString(pair[^1].Replace("-", "", StringComparison.Ordinal));
        return builder.ConnectionString;
    }

    private async Task<int> ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false, Timeout = 5, CommandTimeout = 60 }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync();
    }
}
