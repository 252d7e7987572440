namespace Modular.IntegrationTests.Infrastructure;

/// <summary>An S3 server of this machine (minio, or else a one-node Ceph) that a test may stop and freeze when it is its own.</summary>
internal sealed class LocalObjectStore : ObjectStoreServer
{
    private readonly Func<Task<Leash>> _startGateway;
    private readonly IAsyncDisposable? _backend;
    private Leash? _gateway;

    private LocalObjectStore(Uri endpoint, string accessKey, string secretKey, Func<Task<Leash>> startGateway, IAsyncDisposable? backend)
        : base(endpoint, accessKey, secretKey)
    {
        _startGateway = startGateway;
        _backend = backend;
    }

    /// <summary>Starts a server of the caller's own.</summary>
    public static async Task<LocalObjectStore> CreateAsync()
    {
        var (accessKey, secretKey) = NewKeys();
        var port = Loopback.FreePort();
        var store = Command.Find("minio") is { } minio
            ? await CreateMinioAsync(minio, port, accessKey, secretKey)
            : await CreateCephAsync(port, accessKey, secretKey);
        await store.StartAsync();
        return store;
    }

    public static Dictionary<string, string> MinioEnvironment(string accessKey, string secretKey) =>
        new(StringComparer.Ordinal) { ["MINIO_ROOT_USER"] = accessKey, ["MINIO_ROOT_PASSWORD"] = secretKey };

    /// <summary>Starts the endpoint again where it was; every object that was answered with success is still there.</summary>
    public async Task StartAsync()
    {
        if (_gateway is { HasExited: false })
            throw new InvalidOperationException("This S3 server already runs.");
        var gateway = _gateway = await _startGateway();
        await WaitUntilItAnswersAsync(() => gateway.HasExited ? string.Join('\n', gateway.Output) : null, "The S3 server does not answer");
    }

    /// <summary>Nothing listens at the endpoint afterwards.</summary>
    public async Task StopAsync() => await Running.DisposeAsync();

    /// <summary>Connections stay open, but nothing answers until <see cref="Thaw"/>.</summary>
    public void Freeze() => ProcessTree.StopAll(Running.Pid);

    public void Thaw() => ProcessTree.ContinueAll(Running.Pid);

    public override async ValueTask DisposeAsync()
    {
        if (_gateway is not null)
            await _gateway.DisposeAsync();
        if (_backend is not null)
            await _backend.DisposeAsync();
        await base.DisposeAsync();
    }

    private Leash Running => _gateway is { HasExited: false } running ? running : throw new InvalidOperationException("This S3 server does not run.");

    private static async Task<LocalObjectStore> CreateMinioAsync(string minio, int port, string accessKey, string secretKey)
    {
        var folder = await Scratch.CreateFolderAsync("minio");
        var environment = MinioEnvironment(accessKey, secretKey).ToDictionary(pair => pair.Key, string? (pair) => pair.Value, StringComparer.Ordinal);
        return new LocalObjectStore(
            Address(port), accessKey, secretKey,
            () => Leash.StartAsync(minio, ["server", "--address", $"127.0.0.1:{port}", folder], environment: environment), backend: null);
    }

    private static async Task<LocalObjectStore> CreateCephAsync(int port, string accessKey, string secretKey)
    {
        var ceph = await CephCluster.CreateAsync(accessKey, secretKey);
        return new LocalObjectStore(Address(port), accessKey, secretKey, () => ceph.StartGatewayAsync(port), ceph);
    }

    private static Uri Address(int port) => new($"http://127.0.0.1:{port}");
}
