namespace Modular.Jobs.Contracts;

/// <summary>
/// One attempt of one job. Every write is fenced by the attempt's lease number: once the job was given to another worker, none changes
/// anything; those that are awaited throw <see cref="LeaseLostException"/>, <see cref="Log"/> and <see cref="ReportProgress"/> never throw.
/// </summary>
public interface IJobContext
{
    /// <summary>The job (UUIDv7).</summary>
    Guid JobId { get; }

    /// <summary>1 for the first attempt. An attempt that was given back by a draining replica is not counted.</summary>
    int Attempt { get; }

    /// <summary>How many attempts the job has in all.</summary>
    int MaxAttempts { get; }

    /// <summary>Why the attempt's cancellation token fired; <see cref="StopReason.None"/> while it has not.</summary>
    StopReason StopReason { get; }

    /// <summary>
    /// Tells clients how far the job is. Cheap to call often: values are coalesced to a few writes a second, and the last one before
    /// the attempt ends is always kept.
    /// </summary>
    /// <param name="percent">0 to 100; values outside are clamped, NaN counts as 0.</param>
    /// <param name="message">What is being done, at most 512 characters (cut beyond).</param>
    void ReportProgress(double percent, string? message = null);

    /// <summary>Adds a line to the job's log: at most 8 KiB a line (cut beyond) and 10,000 lines a job, then one "truncated" line.</summary>
    void Log(JobLogLevel level, string message);

    /// <summary>The object under <paramref name="key"/>.</summary>
    /// <exception cref="JobFailedException">No object has this key.</exception>
    Task<ArtifactRef> FindObjectAsync(string key, CancellationToken cancellationToken);

    /// <summary>Opens the bytes of the object under <paramref name="key"/> for one forward read. The caller disposes the stream.</summary>
    /// <exception cref="JobFailedException">No object has this key.</exception>
    Task<Stream> OpenObjectAsync(string key, CancellationToken cancellationToken);

    /// <summary>All objects whose key starts with <paramref name="prefix"/>, in key order (ordinal).</summary>
    IAsyncEnumerable<ArtifactRef> ListObjectsAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>
    /// Writes an ordinary object of the user's and publishes it under <paramref name="key"/> when <paramref name="write"/> has returned:
    /// readers see the whole object or the one before it. The first 100 are listed among the job's artifacts, under their keys as names.
    /// </summary>
    /// <param name="key">The user's key, as the payload names it.</param>
    /// <param name="contentType">A media type.</param>
    /// <param name="write">Writes the bytes to a forward-only stream; when it throws, nothing stays.</param>
    /// <param name="cancellationToken">Ends the write; nothing stays.</param>
    /// <exception cref="LeaseLostException">The job was given to another worker; nothing was published.</exception>
    Task<ArtifactRef> WriteObjectAsync(string key, string contentType, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken);

    /// <summary>As <see cref="WriteObjectAsync"/>, under <c>jobs/{JobId}/{name}</c>: the job's own artifact, deleted with the job. A job lists at most 100 artifacts.</summary>
    /// <exception cref="JobFailedException">The job has 100 artifacts already.</exception>
    Task<ArtifactRef> WriteArtifactAsync(string name, string contentType, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken);

    /// <summary>What the last attempt that saved one saved, or null.</summary>
    Task<T?> LoadCheckpointAsync<T>(CancellationToken cancellationToken)
        where T : class;

    /// <summary>Saves where the work stands; it survives a retry and goes with the job. At most 256 KiB as JSON.</summary>
    Task SaveCheckpointAsync<T>(T checkpoint, CancellationToken cancellationToken)
        where T : class;
}

/// <summary>Why an attempt was asked to stop.</summary>
public enum StopReason
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>A client cancelled the job.</summary>
    Cancelled,

    /// <summary>The job's <c>timeoutSeconds</c> are over; counts as a failed attempt.</summary>
    TimedOut,

    /// <summary>The replica is stopping: the job goes back to its queue and the attempt does not count.</summary>
    Draining,

    /// <summary>The job was given to another worker: nothing of this attempt counts any more.</summary>
    LeaseLost,
}

/// <summary>The weight of a job's log line.</summary>
public enum JobLogLevel
{
    /// <summary>For whoever debugs the handler.</summary>
    Debug,

    /// <summary>What the job does.</summary>
    Info,

    /// <summary>Something odd that the job got over.</summary>
    Warning,

    /// <summary>Something that failed.</summary>
    Error,
}

/// <summary>The job was given to another worker (its lease number moved on); the write that threw this changed nothing.</summary>
public sealed class LeaseLostException()
    : Exception("The job's lease was lost to another worker; this attempt's writes are refused.");
