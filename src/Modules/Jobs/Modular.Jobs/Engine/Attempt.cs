using System.Text.Json;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Contracts;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>One attempt in this process: the handler's context, and the handle by which the engine stops it.</summary>
internal sealed class Attempt(ClaimedJob job, IArtifactStore artifacts, AttemptWrites writes, EventWriter events, TimeProvider time) : IJobContext, IDisposable
{
    private const int MaxLogBytes = 8 * 1024;
    private const int MaxProgressMessage = 512;
    private const int MaxCheckpointBytes = 256 * 1024;

    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _eventsLock = new();
    private readonly long _claimedAt = time.GetTimestamp();
    private List<LogWritten> _lines = [];
    private JobProgress? _unwrittenProgress;
    private Phase _phase = Phase.Buffered;
    private int _stopReason;

    public ClaimedJob Job { get; } = job;

    public Guid JobId => Job.Id;

    int IJobContext.Attempt => Job.Attempt;

    public int MaxAttempts => Job.MaxAttempts;

    public StopReason StopReason => (StopReason)Volatile.Read(ref _stopReason);

    /// <summary>Fires when the attempt has to stop.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Completes when the attempt has to stop: what the executor waits for beside the handler.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>Whether it ever reported progress or logged.</summary>
    public bool HasEvents { get; private set; }

    /// <summary>The latest progress, for the outcome.</summary>
    public JobProgress? Progress { get; private set; }

    public TimeSpan Age => time.GetElapsedTime(_claimedAt);

    /// <summary>The database's time now, as far as this process can tell: when it was claimed by that clock, plus what passed here.</summary>
    public DateTimeOffset Now => Job.StartedAt + Age;

    /// <summary>An executor takes it. False: it was given back while it waited in the buffer.</summary>
    public bool TryStart() => TryMove(Phase.Buffered, Phase.Running);

    /// <summary>It is taken out of the buffer before it started. False: it runs already.</summary>
    public bool TryReturn() => TryMove(Phase.Buffered, Phase.Returned);

    /// <summary>What becomes of it is decided, once: by its handler's end, or by a drain that does not wait for that any longer. False: it was decided already.</summary>
    public bool TryEnd() => TryMove(Phase.Running, Phase.Ended);

    /// <summary>Asks the attempt to stop. The first reason counts, but a lost lease overrules all: nothing of the attempt may be written then.</summary>
    public void Stop(StopReason reason)
    {
        if (reason == StopReason.LeaseLost)
        {
            Volatile.Write(ref _stopReason, (int)reason);
        }
        else if (Interlocked.CompareExchange(ref _stopReason, (int)reason, (int)StopReason.None) != (int)StopReason.None)
        {
            return;
        }

        _stopped.TrySetResult();
        try
        {
            _stop.Cancel();
        }
        catch (Exception problem) when (problem is ObjectDisposedException or AggregateException)
        {
            // It ended at this very moment, or one of the handler's own callbacks threw: either way it knows.
        }
    }

    public void Dispose() => _stop.Dispose();

    public void ReportProgress(double percent, string? message = null)
    {
        var progress = new JobProgress(Math.Round(double.IsNaN(percent) ? 0 : Math.Clamp(percent, 0, 100), 1), message is null ? null : StorableText.OfCharacters(message, MaxProgressMessage));
        lock (_eventsLock)
        {
            HasEvents = true;
            Progress = _unwrittenProgress = progress;
        }

        events.Announce(this);
    }

    public void Log(JobLogLevel level, string message)
    {
        var line = new LogWritten(JsonNamingPolicy.CamelCase.ConvertName(level.ToString()), StorableText.OfBytes(message, MaxLogBytes), Now);
        lock (_eventsLock)
        {
            HasEvents = true;
            // Beyond what a job may keep, memory must not grow either: the writer cuts at the same number.
            if (_lines.Count <= AttemptWrites.MaxLogLines)
            {
                _lines.Add(line);
            }
        }

        events.Announce(this);
    }

    /// <summary>What was said since the last call; null when nothing was.</summary>
    public AttemptEvents? TakeEvents()
    {
        lock (_eventsLock)
        {
            if (_lines.Count == 0 && _unwrittenProgress is null)
            {
                return null;
            }

            var taken = new AttemptEvents(Job, _lines, _unwrittenProgress);
            (_lines, _unwrittenProgress) = ([], null);
            return taken;
        }
    }

    public async Task<ArtifactRef> FindObjectAsync(string key, CancellationToken cancellationToken) =>
        await artifacts.FindAsync(key, cancellationToken) ?? throw Missing(key);

    public async Task<Stream> OpenObjectAsync(string key, CancellationToken cancellationToken) =>
        await artifacts.OpenAsync(key, cancellationToken) ?? throw Missing(key);

    public IAsyncEnumerable<ArtifactRef> ListObjectsAsync(string prefix, CancellationToken cancellationToken) =>
        artifacts.ListAsync(prefix, cancellationToken);

    public Task<ArtifactRef> WriteObjectAsync(string key, string contentType, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        artifacts.WriteAsync(key, contentType, jobId: null, write, Fence(key, mustBeListed: false), cancellationToken);

    public Task<ArtifactRef> WriteArtifactAsync(string name, string contentType, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        artifacts.WriteAsync($"jobs/{JobId}/{name}", contentType, JobId, write, Fence(name, mustBeListed: true), cancellationToken);

    public async Task<T?> LoadCheckpointAsync<T>(CancellationToken cancellationToken)
        where T : class =>
        await writes.LoadCheckpointAsync(JobId, cancellationToken) is { } json ? JsonSerializer.Deserialize<T>(json, Json.Stored) : null;

    public Task SaveCheckpointAsync<T>(T checkpoint, CancellationToken cancellationToken)
        where T : class
    {
        var json = JsonSerializer.Serialize(checkpoint, Json.Options);
        return json.Length > MaxCheckpointBytes
            ? throw new JobFailedException($"A checkpoint may have at most {MaxCheckpointBytes / 1024} KiB.") { ErrorType = "CheckpointTooLarge" }
            : writes.SaveCheckpointAsync(Job, json, cancellationToken);
    }

    private bool TryMove(Phase from, Phase to) => Interlocked.CompareExchange(ref _phase, to, from) == from;

    private static JobFailedException Missing(string key) => new($"There is no object \"{key}\".") { ErrorType = "ObjectNotFound" };

    private PublishFence Fence(string name, bool mustBeListed) => async (transaction, artifact, cancellationToken) =>
    {
        // A user's object is found by its key, listed or not; an own artifact by this list alone.
        if (!await AttemptWrites.RecordArtifactAsync(transaction, Job, name, artifact, cancellationToken) && mustBeListed)
        {
            throw new JobFailedException($"A job may have at most {AttemptWrites.MaxArtifacts} artifacts.") { ErrorType = "TooManyArtifacts" };
        }
    };

    private enum Phase
    {
        Buffered,
        Running,
        Returned,
        Ended,
    }
}
