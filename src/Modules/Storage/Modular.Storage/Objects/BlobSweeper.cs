using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Storage.Blobs;
using Modular.Storage.Persistence;

namespace Modular.Storage.Objects;

/// <summary>
/// Takes away what has expired, each minute; and each six hours, on one replica, compares store and database: blobs that nothing names (a kill between
/// bytes and document), unfinished writes, and documents whose bytes are gone, which it can only report.
/// </summary>
internal sealed partial class BlobSweeper(IBlobStore blobs, SweepRows rows, TimeProvider time, ILogger<BlobSweeper> logger) : Duty(time, logger)
{
    private const int BatchSize = 500;

    private static readonly TimeSpan FullSweepInterval = TimeSpan.FromHours(6);

    /// <summary>Longer than any write takes, since a blob is there before the document that names it.</summary>
    private static readonly TimeSpan OrphanAge = TimeSpan.FromDays(1);

    private readonly TimeProvider _time = time;

    protected override TimeSpan Interval { get; } = TimeSpan.FromMinutes(1);

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        var more = await RemoveExpiredAsync(cancellationToken);
        if (!more && await rows.ClaimFullSweepAsync(FullSweepInterval, cancellationToken))
        {
            var before = _time.GetUtcNow() - OrphanAge;
            await blobs.RemoveUnfinishedAsync(before, cancellationToken);
            await RemoveOrphansAsync(before, cancellationToken);
            await ReportMissingAsync(cancellationToken);
        }

        return more;
    }

    /// <returns>True: there may be more.</returns>
    internal async Task<bool> RemoveExpiredAsync(CancellationToken cancellationToken)
    {
        var objects = await rows.DeleteExpiredObjectsAsync(BatchSize, cancellationToken);
        await blobs.DiscardAsync(objects, logger);
        var uploads = await rows.DeleteExpiredUploadsAsync(BatchSize, cancellationToken);
        await blobs.DiscardAsync(uploads, logger);
        return objects.Count == BatchSize || uploads.Count == BatchSize;
    }

    /// <returns>How many blobs were removed.</returns>
    internal async Task<int> RemoveOrphansAsync(DateTimeOffset writtenBefore, CancellationToken cancellationToken)
    {
        var removed = 0;
        var batch = new List<Guid>(BatchSize);
        await foreach (var blob in blobs.ListAsync(cancellationToken))
        {
            if (blob.WrittenAt < writtenBefore)
            {
                batch.Add(blob.Id);
            }

            if (batch.Count == BatchSize)
            {
                removed += await RemoveUnnamedAsync(batch, cancellationToken);
                batch.Clear();
            }
        }

        removed += await RemoveUnnamedAsync(batch, cancellationToken);
        if (removed > 0)
        {
            OrphansRemoved(logger, removed);
        }

        return removed;
    }

    /// <returns>How many documents have no bytes, or too few.</returns>
    internal async Task<int> ReportMissingAsync(CancellationToken cancellationToken)
    {
        var missing = 0;
        string? after = null;
        while (true)
        {
            var page = await rows.ReadObjectsAsync(after, BatchSize, cancellationToken);
            foreach (var stored in page)
            {
                var size = await blobs.FindSizeAsync(stored.BlobId, cancellationToken);
                // The page is some hundred questions old: an object that was replaced or deleted since has given its blob away before the bytes went.
                if (size != stored.Size && await rows.IsNamedAsync(stored.Key, stored.BlobId, cancellationToken))
                {
                    missing++;
                    BytesAreMissing(logger, stored.Key, stored.BlobId, stored.Size, size);
                }
            }

            if (page.Count < BatchSize)
            {
                return missing;
            }

            after = page[^1].Key;
        }
    }

    private async Task<int> RemoveUnnamedAsync(List<Guid> batch, CancellationToken cancellationToken)
    {
        var unnamed = batch.Count == 0 ? [] : await rows.FindUnnamedAsync(batch, cancellationToken);
        await blobs.DiscardAsync(unnamed, logger);
        return unnamed.Count;
    }

    [LoggerMessage(204, LogLevel.Information, "Removed {Count} blobs that nothing named")]
    private static partial void OrphansRemoved(ILogger logger, int count);

    [LoggerMessage(205, LogLevel.Error, "The object {Key} has lost its bytes: blob {BlobId} should have {Size}, the store has {Found}. Restore the store from its backup, or delete the object")]
    private static partial void BytesAreMissing(ILogger logger, string key, Guid blobId, long size, long? found);
}
