using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Http;
using Modular.Storage.Blobs;
using Prometheus;

namespace Modular.Storage.Telemetry;

/// <summary>
/// Times each operation of the store, and turns a store that failed into a 503: the cause goes to the log, since it may name hosts and paths that clients
/// need not know.
/// </summary>
internal sealed partial class MeteredBlobStore(IBlobStore inner, IMetricFactory metrics, ILogger<MeteredBlobStore> logger) : IBlobStore
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly Histogram _durations = metrics.CreateHistogram(
        "modular_storage_operation_duration_seconds",
        "Time that the object store took; puts include receiving the bytes.",
        ["operation", "outcome"],
        new HistogramConfiguration { Buckets = Histogram.ExponentialBuckets(0.001, 4, 8) });

    public string Provider => inner.Provider;

    public Task PrepareAsync(CancellationToken cancellationToken) => inner.PrepareAsync(cancellationToken);

    public Task<BlobContent> PutAsync(Guid id, long maxBytes, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        MeasureAsync("put", () => inner.PutAsync(id, maxBytes, write, cancellationToken));

    public Task<Stream?> OpenAsync(Guid id, long offset, long length, CancellationToken cancellationToken) =>
        MeasureAsync("open", () => inner.OpenAsync(id, offset, length, cancellationToken));

    public Task<long?> FindSizeAsync(Guid id, CancellationToken cancellationToken) =>
        MeasureAsync("stat", () => inner.FindSizeAsync(id, cancellationToken));

    public Task DeleteAsync(Guid id, CancellationToken cancellationToken) => MeasureAsync("delete", async () =>
    {
        await inner.DeleteAsync(id, cancellationToken);
        return true;
    });

    public async IAsyncEnumerable<StoredBlob> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var outcome = "error";
        try
        {
            await foreach (var blob in inner.ListAsync(cancellationToken))
            {
                yield return blob;
            }

            outcome = "ok";
        }
        finally
        {
            _durations.WithLabels("list", outcome).Observe(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    public Task RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken) => inner.RemoveUnfinishedAsync(before, cancellationToken);

    public Task<Guid?> ReadIdentityAsync(CancellationToken cancellationToken) => inner.ReadIdentityAsync(cancellationToken);

    public Task WriteIdentityAsync(Guid identity, CancellationToken cancellationToken) => inner.WriteIdentityAsync(identity, cancellationToken);

    public Task CheckAsync(CancellationToken cancellationToken) => inner.CheckAsync(cancellationToken);

    public Task<Uri?> PresignPutAsync(Guid id, TimeSpan lifetime, CancellationToken cancellationToken) => inner.PresignPutAsync(id, lifetime, cancellationToken);

    public Task<Uri?> PresignGetAsync(Guid id, TimeSpan lifetime, string contentType, string contentDisposition, CancellationToken cancellationToken) =>
        inner.PresignGetAsync(id, lifetime, contentType, contentDisposition, cancellationToken);

    private async Task<T> MeasureAsync<T>(string operation, Func<Task<T>> action)
    {
        var started = Stopwatch.GetTimestamp();
        var outcome = "error";
        try
        {
            var result = await action();
            outcome = "ok";
            return result;
        }
        catch (OperationCanceledException)
        {
            outcome = "cancelled";
            throw;
        }
        catch (BlobStoreException problem)
        {
            StoreFailed(logger, problem, operation);
            throw Refusal.Unavailable("The object store does not answer; try again in a moment.", RetryAfter);
        }
        catch (Exception problem) when (problem is BlobTooLargeException or Refusal or Microsoft.AspNetCore.Http.BadHttpRequestException)
        {
            // The sender's fault, not the store's.
            outcome = "refused";
            throw;
        }
        finally
        {
            _durations.WithLabels(operation, outcome).Observe(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    [LoggerMessage(202, LogLevel.Error, "The object store failed ({Operation})")]
    private static partial void StoreFailed(ILogger logger, Exception problem, string operation);
}
