using Minio;
using Minio.DataModel.Args;

namespace Modular.IntegrationTests.Infrastructure;

/// <summary>A real S3 server: the one that the environment names, a minio binary, a container, or Debian's Ceph packages.</summary>
internal class ObjectStoreServer(Uri endpoint, string accessKey, string secretKey, IAsyncDisposable? process = null) : IAsyncDisposable
{
    public const string Variable = "MODULAR_TEST_S3";

    // The last image that the archived project published.
    private const string Image = "minio/minio:RELEASE.2025-09-07T16-13-09Z";

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    public Uri Endpoint { get; } = endpoint;

    public string AccessKey { get; } = accessKey;

    public string SecretKey { get; } = secretKey;

    public static async Task<ObjectStoreServer> FindOrStartAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            var server = new ObjectStoreServer(new Uri(named), RequiredKey("ACCESS"), RequiredKey("SECRET"));
            await server.WaitUntilItAnswersAsync(() => null, $"{Variable} names an S3 server that does not answer");
            return server;
        }

        if (Command.Find("minio") is not null || !await DockerEngine.OffersAsync(Image))
            return await LocalObjectStore.CreateAsync();
        return await StartContainerAsync();
    }

    public IMinioClient CreateClient() => new MinioClient()
        .WithEndpoint(Endpoint.Authority)
        .WithSSL(Endpoint.Scheme == Uri.UriSchemeHttps)
        .WithCredentials(AccessKey, SecretKey)
        .WithRegion("us-east-1")
        .WithTimeout(10_000)
        .Build();

    /// <summary>The name of a fresh bucket.</summary>
    public async Task<string> CreateBucketAsync()
    {
        var name = $"modular-test-{Guid.NewGuid():N}";
        using var client = CreateClient();
        await client.MakeBucketAsync(new MakeBucketArgs().WithBucket(name));
        return name;
    }

    /// <summary>Removes a bucket with everything in it.</summary>
    public async Task RemoveBucketAsync(string bucket)
    {
        using var client = CreateClient();
        if (!await client.BucketExistsAsync(new BucketExistsArgs().WithBucket(bucket)))
            return;
        await foreach (var item in client.ListObjectsEnumAsync(new ListObjectsArgs().WithBucket(bucket).WithRecursive(true)))
            await client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(bucket).WithObject(item.Key));
        await client.RemoveBucketAsync(new RemoveBucketArgs().WithBucket(bucket));
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (process is not null)
            await process.DisposeAsync();
    }

    /// <summary>Polls; <paramref name="failure"/> says what went wrong for good, or null while there is hope.</summary>
    protected async Task WaitUntilItAnswersAsync(Func<string?> failure, string sentence)
    {
        using var client = CreateClient();
        try
        {
            await Eventually.ReadAsync(
                async () => failure() is { } reason ? throw new StopWaitingException(reason) : await client.ListBucketsAsync(),
                _ => true,
                $"S3 answers at {Endpoint}",
                StartDeadline);
        }
        catch (Exception exception) when (exception is TimeoutException or StopWaitingException)
        {
            throw new InvalidOperationException($"{sentence}: {exception.Message}", exception);
        }
    }

    private static async Task<ObjectStoreServer> StartContainerAsync()
    {
        var port = Loopback.FreePort();
        var (accessKey, secretKey) = NewKeys();
        var container = await DockerEngine.RunAsync(Image, port, 9000, LocalObjectStore.MinioEnvironment(accessKey, secretKey), "server", "/data");
        var server = new ObjectStoreServer(new Uri($"http://127.0.0.1:{port}"), accessKey, secretKey, container);
        await server.WaitUntilItAnswersAsync(
            () => container.HasExited ? string.Join('\n', container.Output) : null, $"The container {Image} does not answer");
        return server;
    }

    protected static (string AccessKey, string SecretKey) NewKeys() => (Guid.NewGuid().ToString("N")[..20], Guid.NewGuid().ToString("N"));

    private static string RequiredKey(string kind) => Environment.GetEnvironmentVariable($"{Variable}_{kind}_KEY")
        ?? throw new InvalidOperationException($"{Variable} is set, so {Variable}_ACCESS_KEY and {Variable}_SECRET_KEY must be set too.");
}
