using Modular.BuildingBlocks.Hosting;
using Modular.Storage.Blobs;

namespace Modular.Storage.Objects;

/// <summary>Asks the store one real question: a listening port or a mounted folder is not yet a store that works.</summary>
internal sealed class StorageProbe(IBlobStore blobs, TimeProvider time) : IHealthProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public string Name => "storage";

    public bool IsCritical => true;

    public async Task<ProbeResult> CheckAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await blobs.CheckAsync(linked.Token);
            return new ProbeResult(HealthStatus.Healthy, blobs.Provider);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return new ProbeResult(HealthStatus.Unhealthy, $"The {blobs.Provider} store did not answer within {Patience.TotalSeconds:0} s.");
        }
        catch (BlobStoreException)
        {
            return new ProbeResult(HealthStatus.Unhealthy, $"The {blobs.Provider} store refuses to work; the log says why when an object is used.");
        }
    }
}
