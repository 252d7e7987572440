using Marten;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Modules;
using Modular.Jobs.Contracts;
using Modular.Storage.Blobs;
using Modular.Storage.Blobs.FileSystem;
using Modular.Storage.Blobs.S3;
using Modular.Storage.Http;
using Modular.Storage.Objects;
using Modular.Storage.Persistence;
using Modular.Storage.Telemetry;

namespace Modular.Storage;

/// <summary>Objects: named, immutable bytes, on a folder or on S3.</summary>
public sealed class StorageModule : IModule
{
    public string Name => "Storage";

    public string Description => "Objects, uploads beyond the request limit, and download links.";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
        var options = StorageOptions.Read(settings);
        var services = builder.Services;
        services.AddSingleton(options);
        // The operator names the S3 server, so it may be private; what users name goes through the guarded client.
        services.AddHttpClient(S3BlobStore.HttpClientName, client => client.Timeout = Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                ConnectTimeout = TimeSpan.FromSeconds(5),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            })
            .RemoveAllLoggers();
        services.AddSingleton<IBlobStore>(provider => ActivatorUtilities.CreateInstance<MeteredBlobStore>(provider, CreateStore(options, provider)));

        services.AddSingleton<IConfigureMarten, StorageSchema>();
        services.AddSingleton<DatabaseClock>();
        services.AddSingleton<ObjectPointers>();
        services.AddSingleton<ListedKeys>();
        services.AddSingleton<UploadRows>();
        services.AddSingleton<SignedUrls>();
        services.AddSingleton<ObjectWriter>();
        services.AddSingleton<ObjectReader>();
        services.AddSingleton<ObjectRemover>();
        services.AddSingleton<IArtifactStore, ArtifactStore>();
        services.AddSingleton<StoreIdentity>();
        services.AddSingleton<IHealthProbe, StorageProbe>();
        services.AddHostedService<StoreStart>();
        services.AddSingleton<SweepRows>();
        services.AddSingleton<BlobSweeper>();
        services.AddHostedService(provider => provider.GetRequiredService<BlobSweeper>());
        services.AddTransient<IStartupFilter, DotSegments>();
    }

    private static IBlobStore CreateStore(StorageOptions options, IServiceProvider provider) => options.S3 is { } s3
        ? new S3BlobStore(s3, provider.GetRequiredService<IHttpClientFactory>(), provider.GetRequiredService<TimeProvider>())
        : new FileSystemBlobStore(options.Path);
}
