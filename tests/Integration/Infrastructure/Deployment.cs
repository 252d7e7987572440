using Npgsql;

namespace Modular.IntegrationTests.Infrastructure;

internal enum StoreKind
{
    FileSystem,
    S3,
}

/// <summary>What replicas share: a fresh database, a fresh object store and the settings. It outlives them, and leaves nothing behind.</summary>
internal sealed class Deployment : IAsyncDisposable
{
    private readonly PostgresServer _postgres;
    private readonly (ObjectStoreServer Server, string Bucket)? _bucket;

    private Deployment(
        PostgresServer postgres, string connectionString, string folder, (ObjectStoreServer Server, string Bucket)? bucket, Dictionary<string, string> settings)
    {
        _postgres = postgres;
        _bucket = bucket;
        ConnectionString = connectionString;
        Folder = folder;
        Settings = settings;
    }

    public string ConnectionString { get; }

    /// <summary>A folder of this deployment's own; the filesystem store is in its <c>objects</c>.</summary>
    public string Folder { get; }

    /// <summary>Names and values as the environment variables of a production start.</summary>
    public Dictionary<string, string> Settings { get; }

    /// <summary>Shared servers unless a test brings its own; the settings given win over the defaults.</summary>
    public static async Task<Deployment> CreateAsync(
        IReadOnlyDictionary<string, string>? settings = null,
        StoreKind store = StoreKind.FileSystem,
        PostgresServer? postgres = null,
        ObjectStoreServer? objectStore = null,
        string? template = null)
    {
        // Both start at once when neither runs yet.
        var postgresTask = postgres is null ? TestServers.PostgresAsync() : Task.FromResult(postgres);
        var objectStoreTask = store is StoreKind.S3 && objectStore is null ? TestServers.ObjectStoreAsync() : Task.FromResult(objectStore)!;
        await Task.WhenAll(postgresTask, objectStoreTask);
        var (database, s3) = (await postgresTask, await objectStoreTask);

        var connectionString = await database.CreateDatabaseAsync(template);
        var folder = await Scratch.CreateFolderAsync("deployment");
        var all = Defaults(connectionString, folder);
        (ObjectStoreServer Server, string Bucket)? bucket = null;
        if (store is StoreKind.S3)
        {
            bucket = (s3, await s3.CreateBucketAsync());
            UseS3(all, s3, bucket.Value.Bucket);
        }

        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
            all[name] = value;
        return new Deployment(database, connectionString, folder, bucket, all);
    }

    /// <summary>A connection of the test's own, to look at what is stored.</summary>
    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        await _postgres.DropDatabaseAsync(ConnectionString);
        if (_bucket is { } bucket)
            await bucket.Server.RemoveBucketAsync(bucket.Bucket);
        Directory.Delete(Folder, recursive: true);
    }

    private static Dictionary<string, string> Defaults(string connectionString, string folder) => new(StringComparer.Ordinal)
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Development",
        ["DATABASE_URL"] = connectionString,
        ["STORAGE_PROVIDER"] = "filesystem",
        ["STORAGE_PATH"] = Path.Combine(folder, "objects"),
        ["ENABLE_DEBUG_JOBS"] = "true",
        ["LOG_LEVEL"] = "warn",
        // Many tests share one client address; those about limits set their own.
        ["RATE_LIMIT_PER_MINUTE"] = "0",
        ["RATE_LIMIT_EXPENSIVE_PER_MINUTE"] = "0",
        ["MAX_STREAMS_PER_CLIENT"] = "0",
        // Many hosts share one server.
        ["DB_MIN_CONNECTIONS"] = "0",
        ["DB_MAX_CONNECTIONS"] = "10",
        ["SHUTDOWN_DELAY_SECONDS"] = "0",
        ["SHUTDOWN_TIMEOUT_SECONDS"] = "10",
    };

    private static void UseS3(Dictionary<string, string> settings, ObjectStoreServer server, string bucket)
    {
        settings["STORAGE_PROVIDER"] = "s3";
        settings["S3_ENDPOINT"] = server.Endpoint.GetLeftPart(UriPartial.Authority);
        settings["S3_ACCESS_KEY"] = server.AccessKey;
        settings["S3_SECRET_KEY"] = server.SecretKey;
        settings["S3_BUCKET"] = bucket;
    }
}
