using System.Data.Common;

namespace Modular.Jobs.Contracts;

/// <summary>What one stored object is.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Sha256">SHA-256 of the bytes, lower-case hex.</param>
public sealed record ArtifactRef(string Key, long Size, string ContentType, string Sha256);

/// <summary>
/// Runs inside the transaction that switches a key to its new bytes, before it commits. Throwing
/// (<see cref="LeaseLostException"/>) rolls the switch back: this is where the lease is asked, in the same transaction, so that no moment lies between
/// the question and the switch.
/// </summary>
public delegate Task PublishFence(DbTransaction transaction, ArtifactRef artifact, CancellationToken cancellationToken);

/// <summary>Where jobs read and write bytes. Jobs asks; the module that owns objects answers.</summary>
public interface IArtifactStore
{
    /// <summary>The object under <paramref name="key"/>, or null when there is none or it has expired.</summary>
    Task<ArtifactRef?> FindAsync(string key, CancellationToken cancellationToken);

    /// <summary>Its bytes for one forward read, or null. The caller disposes the stream.</summary>
    Task<Stream?> OpenAsync(string key, CancellationToken cancellationToken);

    /// <summary>Objects whose key starts with <paramref name="prefix"/>, in ordinal key order, read in pages.</summary>
    IAsyncEnumerable<ArtifactRef> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Streams bytes into a new blob and, when <paramref name="write"/> has returned, switches <paramref name="key"/> to it in one transaction.</summary>
    /// <param name="key">A valid object key.</param>
    /// <param name="contentType">A media type.</param>
    /// <param name="jobId">The job that owns the object, or null for an ordinary object of the user's.</param>
    /// <param name="write">Writes the bytes; when it throws, nothing stays.</param>
    /// <param name="fence">Asked inside the publishing transaction.</param>
    /// <param name="cancellationToken">Ends the write; nothing stays.</param>
    /// <exception cref="ArgumentException">The key is not a valid object key; the message says why.</exception>
    Task<ArtifactRef> WriteAsync(
        string key,
        string contentType,
        Guid? jobId,
        Func<Stream, CancellationToken, Task> write,
        PublishFence fence,
        CancellationToken cancellationToken);

    /// <summary>Deletes every object that <paramref name="jobIds"/> own (<c>jobs/{id}/</c>), never a user's key.</summary>
    Task DeleteOwnedAsync(IReadOnlyList<Guid> jobIds, CancellationToken cancellationToken);
}

/// <summary>Answers which object a job's artifact is.</summary>
public interface IJobArtifacts
{
    /// <summary>The object key of the artifact <paramref name="name"/> of the job, or null when the job or the artifact is not known.</summary>
    Task<string?> FindKeyAsync(Guid jobId, string name, CancellationToken cancellationToken);
}
