using Modular.BuildingBlocks.Hosting;
using Modular.Storage.Blobs;

namespace Modular.Storage.Objects;

/// <summary>Asks the store one real question: a listening port or a mounted folder is not yet a store that works.</summary>
internal sealed class StorageProbe(IBlobStore blobs) : IHealthProbe
{
    public string Name => "storage";

    public bool IsCritical => true;

    public async Task<ProbeResult> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await blobs.CheckAsync(cancellationToken);
            return new ProbeResult(HealthStatus.Healthy, blobs.Provider);
        }
        catch (BlobStoreException)
        {
            return new ProbeResult(HealthStatus.Unhealthy, $"The {blobs.Provider} store refuses to work; the log says why when an object is used.");
        }
    }
}
