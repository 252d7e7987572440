using System.Data.Common;
using Microsoft.Extensions.Logging;
using Modular.Storage.Blobs;
using Modular.Storage.Domain;
using Modular.Storage.Persistence;

namespace Modular.Storage.Objects;

/// <summary>
/// The one write path: bytes first, each into a blob of its own, then one transaction that points the keys at them. Disposed without having been published,
/// it removes the blobs again; what even that misses (a kill) the sweeper finds.
/// </summary>
internal sealed class PendingObjects(IBlobStore blobs, ObjectPointers pointers, ILogger<PendingObjects> logger) : IAsyncDisposable
{
    private readonly List<NewObject> _objects = [];
    private readonly List<Guid> _written = [];

    /// <summary>Streams bytes into a blob for a key.</summary>
    public async Task<BlobContent> WriteAsync(
        string key, string contentType, TimeSpan? expiresIn, Guid? jobId, long maxBytes, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7();
        var content = await blobs.PutAsync(id, maxBytes, write, cancellationToken);
        _written.Add(id);
        _objects.Add(new NewObject(key, id, content, contentType, expiresIn, jobId));
        return content;
    }

    /// <summary>Takes a blob that is in the store already; it stays there when nothing is published.</summary>
    public void Adopt(string key, string contentType, Guid blobId, BlobContent content) =>
        _objects.Add(new NewObject(key, blobId, content, contentType, ExpiresIn: null, JobId: null));

    /// <summary>Makes everything visible, all or nothing.</summary>
    public async Task<IReadOnlyList<PublishedObject>> PublishAsync(
        WriteConditions conditions, Func<DbTransaction, IReadOnlyList<StoredObject>, CancellationToken, Task>? beforeCommit, CancellationToken cancellationToken)
    {
        var publication = new Publication(_objects);
        try
        {
            var published = await pointers.PublishAsync(publication, conditions, beforeCommit, cancellationToken);
            await blobs.DiscardAsync(published.Select(one => one.ReplacedBlob).OfType<Guid>(), logger);
            return published;
        }
        finally
        {
            if (publication.IsCommitSent)
            {
                _written.Clear();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await blobs.DiscardAsync(_written, logger);
        _written.Clear();
    }
}

/// <summary>Starts writes.</summary>
internal sealed class ObjectWriter(IBlobStore blobs, ObjectPointers pointers, ILogger<PendingObjects> logger)
{
    public PendingObjects Begin() => new(blobs, pointers, logger);
}

internal static partial class DiscardedBlobs
{
    /// <summary>
    /// Removes blobs that nothing names. The outcome of the request is decided already, so a store that fails now is only logged, and a client that left
    /// does not stop it: the sweeper is the backstop.
    /// </summary>
    public static async Task DiscardAsync(this IBlobStore blobs, IEnumerable<Guid> ids, ILogger logger)
    {
        foreach (var id in ids)
        {
            try
            {
                await blobs.DeleteAsync(id, CancellationToken.None);
            }
            catch (Exception problem)
            {
                NotRemoved(logger, problem, id);
            }
        }
    }

    [LoggerMessage(200, LogLevel.Warning, "The blob {BlobId} could not be removed; the sweeper will")]
    private static partial void NotRemoved(ILogger logger, Exception problem, Guid blobId);
}
