using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.Benchmarks;

/// <summary>One run: a fresh durable PostgreSQL, the sizes, and what was measured so far.</summary>
internal sealed class Bench : IAsyncDisposable
{
    public const string ApiKey = "benchmark-0123456789abcdef0123456789abcdef";

    private readonly bool _statements;

    private Bench(PostgresCluster server, BenchOptions options, Report report)
    {
        Server = server;
        Size = options.Size;
        _statements = options.Statements;
        Report = report;
    }

    public PostgresCluster Server { get; }

    public BenchSize Size { get; }

    public Report Report { get; }

    public static async Task<Bench> StartAsync(BenchOptions options)
    {
        var server = await PostgresCluster.CreateAsync(durable: true);
        try
        {
            // Room for the longest statement in pg_stat_activity, from where the growth scenario takes the claim as the Host sends it.
            await ExecuteAsync(server.ConnectionString, "ALTER SYSTEM SET track_activity_query_size = '32kB'");
            if (options.Statements)
                await ExecuteAsync(server.ConnectionString, "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
            await server.StopAsync();
            await server.StartAsync();
            return new Bench(server, options, new Report(await Machine.ReadAsync(server.ConnectionString)));
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A replica in production settings on a database of its own; only limits that would count the load out are off.</summary>
    public async Task<BenchHost> StartHostAsync(params (string Name, string Value)[] settings)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["ADMIN_API_KEY"] = ApiKey,
            ["DB_MIN_CONNECTIONS"] = "5",
            ["DB_MAX_CONNECTIONS"] = "25",
        };
        foreach (var (name, value) in settings)
            all[name] = value;
        var deployment = await Deployment.CreateAsync(all, postgres: Server);
        try
        {
            // Every scenario starts with what the last one wrote behind it.
            await ExecuteAsync(Server.ConnectionString, "CHECKPOINT");
            if (_statements)
                await ExecuteAsync(deployment.ConnectionString, "CREATE EXTENSION pg_stat_statements");
            return new BenchHost(deployment, await HostProcess.StartAsync(deployment), _statements);
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync();
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
