namespace Modular.Storage.Blobs;

/// <summary>
/// Immutable bytes by id. A blob is whole and durable or it is not there: no reader ever sees a part of one, whatever failed when.
/// </summary>
internal interface IBlobStore
{
    /// <summary>What a store is called in the configuration: filesystem or s3.</summary>
    string Provider { get; }

    /// <summary>Makes the folder or the bucket when it is missing.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Streams bytes into a new blob, counting and hashing them on their way; durable on return.</summary>
    /// <param name="id">A fresh id.</param>
    /// <param name="maxBytes">More bytes than this end the write.</param>
    /// <param name="write">Writes the bytes to a forward-only stream. When it throws, its exception passes and nothing stays.</param>
    /// <param name="cancellationToken">Ends the write; nothing stays.</param>
    /// <exception cref="BlobTooLargeException">More than <paramref name="maxBytes"/> were written.</exception>
    /// <exception cref="BlobStoreException">The store failed.</exception>
    Task<BlobContent> PutAsync(Guid id, long maxBytes, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken);

    /// <summary>The bytes from <paramref name="offset"/> on for one forward read; null when there is no such blob. The caller disposes the stream.</summary>
    /// <param name="id">The blob.</param>
    /// <param name="offset">From 0 to the size.</param>
    /// <param name="length">At most up to the end.</param>
    /// <param name="cancellationToken">Ends the opening; reads have their own.</param>
    Task<Stream?> OpenAsync(Guid id, long offset, long length, CancellationToken cancellationToken);

    /// <summary>The blob's size in bytes, or null when there is none.</summary>
    Task<long?> FindSizeAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Removes a blob; nothing happens when there is none.</summary>
    Task DeleteAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Every blob, in no order. One that comes or goes meanwhile may or may not be among them.</summary>
    IAsyncEnumerable<StoredBlob> ListAsync(CancellationToken cancellationToken);

    /// <summary>Removes what writes left behind that never ended, when it is older than <paramref name="before"/>.</summary>
    Task RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken);

    /// <summary>The store's own id, or null when it has none yet.</summary>
    Task<Guid?> ReadIdentityAsync(CancellationToken cancellationToken);

    /// <summary>Gives the store its id, once.</summary>
    Task WriteIdentityAsync(Guid identity, CancellationToken cancellationToken);

    /// <summary>One real question to the store.</summary>
    Task CheckAsync(CancellationToken cancellationToken);

    /// <summary>A URL to which a client may PUT the blob's bytes past this service; null when this store has no address for clients.</summary>
    Task<Uri?> PresignPutAsync(Guid id, TimeSpan lifetime, CancellationToken cancellationToken);

    /// <summary>A URL from which a client may GET the blob past this service, answered with these headers; null when this store has no address for clients.</summary>
    Task<Uri?> PresignGetAsync(Guid id, TimeSpan lifetime, string contentType, string contentDisposition, CancellationToken cancellationToken);
}

/// <summary>What was written.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">Lower-case hex.</param>
internal sealed record BlobContent(long Size, string Sha256);

/// <summary>A blob as the store lists it.</summary>
internal sealed record StoredBlob(Guid Id, DateTimeOffset WrittenAt);

/// <summary>More bytes came than may.</summary>
internal sealed class BlobTooLargeException(long maxBytes) : Exception($"More than {maxBytes} bytes were written.");

/// <summary>The store failed: away, out of space, refused.</summary>
internal sealed class BlobStoreException(string message, Exception innerException) : Exception(message, innerException)
{
    /// <summary>It is away for now, as a server that still starts; otherwise waiting mends nothing.</summary>
    public bool MayPass { get; init; }
}
