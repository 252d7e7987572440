using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Contracts;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Engine;

/// <summary>
/// Takes jobs from the database into a small buffer and hands them to executors. It claims as many as there are free slots, more when jobs are
/// short, never more than about a second of work. Woken by NOTIFY; a slow poll stands behind it.
/// </summary>
internal sealed partial class Claimer(
    ClaimJobs claims, Replica replica, HeldJobs held, Executor executor, Completer completer, IArtifactStore artifacts, AttemptWrites writes, EventWriter events,
    JobTypes types, JobsOptions options, JobMetrics metrics, TimeProvider time, ILogger<Claimer> logger) : ISignalReceiver, IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestInBuffer = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OwnStartPause = TimeSpan.FromMilliseconds(10);

    private readonly Channel<Attempt> _buffer = Channel.CreateUnbounded<Attempt>();
    private readonly Slots _slots = new(options, metrics, time);
    private readonly ClaimPacing _pacing = new(time);

    /// <summary>One claim at a time, be it the loop's or a submission's own.</summary>
    private readonly SemaphoreSlim _one = new(1, 1);
    private bool _closed;
    private long _lastOwnStart;

    /// <summary>Handlers running now.</summary>
    public int Active => metrics.Active;

    /// <summary>When the claim loop last came round.</summary>
    public long LastRound { get; private set; } = time.GetTimestamp();

    public void Dispose() => _one.Dispose();

    public void OnReady() => _pacing.Wake();

    public void OnGap() => _pacing.Wake();

    public void OnCancel(IReadOnlyList<Guid> jobs) => held.Cancel(jobs);

    public void OnPaused(string queue) => _ = ReturnBufferedAsync(attempt => string.Equals(attempt.Job.Submission.Queue, queue, StringComparison.Ordinal));

    /// <summary>Claims until <paramref name="cancellationToken"/> fires.</summary>
    public async Task ClaimAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            LastRound = time.GetTimestamp();
            try
            {
                var want = _slots.Wanted;
                var claimed = 0;
                if (replica.Id != 0 && want > 0)
                {
                    _pacing.Begin();
                    claimed = await ClaimOnceAsync(want, cancellationToken);
                    failures = 0;
                    await _pacing.EndAsync(LastRound, claimed, want, cancellationToken);
                }

                // Fewer than wanted may be one queue's share, or the end of what waits: only an empty claim tells.
                if (claimed == 0 && !await _pacing.WaitAsync(_slots.Idle < 0 ? LongestInBuffer : Poll, cancellationToken))
                {
                    // The slow poll behind the signals. What waits behind handlers that turned out to be long goes back, for others to take.
                    await ReturnBufferedAsync(attempt => attempt.Age > LongestInBuffer);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem)
            {
                failures++;
                ClaimFailed(logger, problem, failures);
                await Task.Delay(Duty.Backoff(failures), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>One executor: takes attempts from the buffer until it is closed.</summary>
    public async Task ExecuteAsync()
    {
        await foreach (var attempt in _buffer.Reader.ReadAllAsync())
        {
            if (!attempt.TryStart())
            {
                continue;
            }

            if (attempt.StopReason == StopReason.LeaseLost)
            {
                held.Remove(attempt.JobId, attempt.Job.Lease);
                attempt.Dispose();
                FreeSlot();
                continue;
            }

            var started = time.GetTimestamp();
            metrics.Started(attempt.Job);
            try
            {
                var completion = await executor.RunAsync(attempt);
                if (completion is null)
                {
                    held.Remove(attempt.JobId, attempt.Job.Lease);
                }
                else if (attempt.TryEnd())
                {
                    await completer.AddAsync(completion);
                }
            }
            finally
            {
                metrics.Ended();
                attempt.Dispose();
                _slots.Ended(started);
                FreeSlot();
            }
        }
    }

    /// <summary>
    /// Writes a submission whose jobs may start here at once: workers idle, no claim under way. Otherwise, and for jobs that must wait, its writer is told
    /// that nobody is idle, and the claim loop finds them.
    /// </summary>
    /// <param name="write">Writes; gives back the answer and the jobs that it started.</param>
    public async Task<T> StartOnSubmitAsync<T>(Func<IdleWorkers?, Task<(T Answer, IReadOnlyList<ClaimedJob> Started)>> write)
    {
        var idle = _slots.Idle;
        // When submissions come thick and fast, one claim for many of them is cheaper than one with each.
        if (idle <= 0 || replica.Id == 0 || time.GetElapsedTime(_lastOwnStart) < OwnStartPause || !await _one.WaitAsync(0))
        {
            return (await write(null)).Answer;
        }

        try
        {
            if (_closed)
            {
                return (await write(null)).Answer;
            }

            _lastOwnStart = time.GetTimestamp();
            held.BeginClaim();
            try
            {
                var (answer, started) = await write(new IdleWorkers(replica.Id, idle, options.Queues));
                Hold(started);
                return answer;
            }
            catch
            {
                held.LoseClaim();
                throw;
            }
            finally
            {
                held.EndClaim();
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>No more attempts come; executors end when the buffer is empty.</summary>
    public async Task CloseBufferAsync()
    {
        await _one.WaitAsync();
        _closed = true;
        _one.Release();
        _buffer.Writer.TryComplete();
    }

    /// <summary>Gives claimed but not started jobs back.</summary>
    public async Task ReturnBufferedAsync(Func<Attempt, bool> which)
    {
        foreach (var attempt in held.All.Where(which))
        {
            if (attempt.TryReturn())
            {
                FreeSlot();
                await completer.AddAsync(new Completion(attempt.Job, JobTrigger.GivenBack, null));
            }
        }
    }

    private async Task<int> ClaimOnceAsync(int want, CancellationToken cancellationToken)
    {
        // Not cancelled half-way: an answer that is on its way would be held by nobody. Its own command timeout bounds it.
        await _one.WaitAsync(cancellationToken);
        held.BeginClaim();
        try
        {
            var jobs = await claims.TakeAsync(replica.Id, want, options.Queues, types.Names, CancellationToken.None);
            Hold(jobs);
            return jobs.Count;
        }
        catch
        {
            held.LoseClaim();
            throw;
        }
        finally
        {
            held.EndClaim();
            _one.Release();
        }
    }

    private void Hold(IReadOnlyList<ClaimedJob> jobs)
    {
        _slots.Take(jobs.Count);
        foreach (var job in jobs)
        {
            var attempt = new Attempt(job, artifacts, writes, events, time);
            held.Add(attempt);
            _buffer.Writer.TryWrite(attempt);
        }
    }

    private void FreeSlot()
    {
        if (_slots.Free())
        {
            _pacing.WakeForSlot();
        }
    }

    [LoggerMessage(150, LogLevel.Warning, "Claiming jobs failed, {Failures} times in a row; it tries again")]
    private static partial void ClaimFailed(ILogger logger, Exception problem, int failures);
}
