using System.Data.Common;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>
/// Group commit: calls that arrive while a transaction commits share the next one. The first caller writes for itself and for whoever came with it, on its
/// own thread: nobody waits for a timer or for another thread to wake, so an idle service answers as fast as one insert, and a busy one pays one fsync for
/// many. (Waiting a millisecond for more was tried: larger groups, fewer requests a second.)
/// </summary>
internal sealed partial class SubmissionQueue(SubmitBatch batch, Claimer claimer, Lifecycle lifecycle, ILogger<SubmissionQueue> logger)
{
    private const int MaxJobs = 1000;
    private const int MaxWaiting = 10_000;

    /// <summary>Of payloads, while the database is slow or away.</summary>
    private const long MaxWaitingBytes = 64 << 20;

    private readonly Lock _lock = new();
    private readonly Queue<Waiting> _waiting = new();
    private long _waitingBytes;
    private bool _isWriting;

    /// <summary>Writes the call; when this returns, it is durable.</summary>
    /// <exception cref="Refusal">503: the replica is stopping, or too many calls wait already.</exception>
    public async Task<SubmissionResult> SubmitAsync(SubmissionCall call, CancellationToken cancellationToken)
    {
        if (lifecycle.Phase == LifecyclePhase.Draining)
        {
            throw Refusal.Unavailable("This replica is stopping; send the job again, another one takes it.", TimeSpan.FromSeconds(1));
        }

        var waiting = new Waiting(call, new TaskCompletionSource<SubmissionResult>(TaskCreationOptions.RunContinuationsAsynchronously));
        if (Enqueue(waiting))
        {
            await WriteAsync(Dequeue());
            if (HasMore())
            {
                // This caller has its answer; what came meanwhile is not its to wait for, nor part of its trace and its log scope.
                using (ExecutionContext.SuppressFlow())
                {
                    _ = Task.Run(WriteRestAsync, CancellationToken.None);
                }
            }
        }

        // A client that leaves does not take its job out again: it may be committed already.
        return await waiting.Result.Task.WaitAsync(cancellationToken);
    }

    /// <summary>True: nobody writes, and this caller does from now on.</summary>
    private bool Enqueue(Waiting waiting)
    {
        lock (_lock)
        {
            // A call that finds nobody waiting is taken whatever its size: the request limit bounds that.
            if (_waiting.Count == MaxWaiting || (_waiting.Count > 0 && _waitingBytes + waiting.Bytes > MaxWaitingBytes))
            {
                throw Refusal.Unavailable("Too many submissions wait for the database; try again in a moment.", TimeSpan.FromSeconds(2));
            }

            _waiting.Enqueue(waiting);
            _waitingBytes += waiting.Bytes;
            return !_isWriting && (_isWriting = true);
        }
    }

    private List<Waiting> Dequeue()
    {
        lock (_lock)
        {
            var calls = new List<Waiting>();
            for (var jobs = 0; jobs < MaxJobs && _waiting.TryDequeue(out var next); jobs += next.Call.Jobs.Count)
            {
                calls.Add(next);
                _waitingBytes -= next.Bytes;
            }

            return calls;
        }
    }

    /// <summary>False: nobody waits, and whoever comes next writes.</summary>
    private bool HasMore()
    {
        lock (_lock)
        {
            return _isWriting = _waiting.Count > 0;
        }
    }

    private async Task WriteRestAsync()
    {
        do
        {
            await WriteAsync(Dequeue());
        }
        while (HasMore());
    }

    /// <summary>Never throws: each call gets its result or its exception.</summary>
    private async Task WriteAsync(IReadOnlyList<Waiting> calls)
    {
        try
        {
            var results = await claimer.StartOnSubmitAsync(idle => batch.WriteAsync([.. calls.Select(item => item.Call)], idle, CancellationToken.None));
            foreach (var (item, result) in calls.Zip(results))
            {
                item.Result.TrySetResult(result);
            }
        }
        catch (Exception problem) when (problem is Refusal or DbException { IsTransient: false, SqlState: not null } && calls.Count > 1)
        {
            // One call holds what is refused: each gets its own transaction, and only that one its error.
            Split(logger, problem, calls.Count);
            foreach (var item in calls)
            {
                await WriteAsync([item]);
            }
        }
        catch (Exception problem)
        {
            foreach (var item in calls)
            {
                item.Result.TrySetException(problem);
            }
        }
    }

    private sealed record Waiting(SubmissionCall Call, TaskCompletionSource<SubmissionResult> Result)
    {
        public long Bytes { get; } = Call.Jobs.Sum(job => (long)JsonMarshal.GetRawUtf8Value(job.Document.Payload).Length);
    }

    [LoggerMessage(180, LogLevel.Warning, "A group of {Calls} submissions was refused; each is tried by itself")]
    private static partial void Split(ILogger logger, Exception problem, int calls);
}
