using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Contracts;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>
/// Writes log lines and progress of all running attempts, a few times a second in one statement: progress coalesces to its latest value,
/// lines keep their order, and a handler never waits for the database.
/// </summary>
internal sealed partial class EventWriter(AttemptWrites writes, TimeProvider time, ILogger<EventWriter> logger) : IDisposable
{
    private static readonly TimeSpan Rhythm = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(15);
    private const int MaxBatch = 200;

    private readonly ConcurrentDictionary<Attempt, byte> _announced = new();
    private readonly SemaphoreSlim _one = new(1, 1);

    public void Dispose() => _one.Dispose();

    /// <summary>The attempt has something to say.</summary>
    public void Announce(Attempt attempt) => _announced.TryAdd(attempt, 0);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(Rhythm, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // Each attempt once: what it says meanwhile is for the next round, or a chatty handler would keep the database busy.
            foreach (var batch in _announced.Keys.Chunk(MaxBatch))
            {
                await WriteAsync(batch, cancellationToken);
            }
        }
    }

    /// <summary>Writes what is left of an attempt that ends: its last lines come before its outcome.</summary>
    public async Task FlushAsync(Attempt attempt)
    {
        if (!attempt.HasEvents)
        {
            return;
        }

        // Also when nothing is left: the rhythm may have taken it just now, and its write is under way and has the turn.
        await _one.WaitAsync();
        try
        {
            // Counted from here: while the database is away the rhythm holds the turn until it is back, and the outcome waits for it too.
            using var deadline = new CancellationTokenSource(FlushDeadline, time);
            await WriteNextAsync([attempt], deadline.Token);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task WriteAsync(IReadOnlyList<Attempt> attempts, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(CancellationToken.None);
        try
        {
            await WriteNextAsync(attempts, cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>The caller has the turn.</summary>
    private async Task WriteNextAsync(IReadOnlyList<Attempt> attempts, CancellationToken cancellationToken)
    {
        var pending = new List<(Attempt Attempt, AttemptEvents Events)>();
        foreach (var attempt in attempts)
        {
            // Announced again between these two lines: it is found again next time, perhaps with nothing new.
            _announced.TryRemove(attempt, out _);
            if (attempt.TakeEvents() is { } events)
            {
                pending.Add((attempt, events));
            }
        }

        if (pending.Count > 0)
        {
            await AppendAsync(pending, cancellationToken);
        }
    }

    private async Task AppendAsync(IReadOnlyList<(Attempt Attempt, AttemptEvents Events)> pending, CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            try
            {
                var held = await writes.AppendAsync([.. pending.Select(item => item.Events)], cancellationToken);
                foreach (var (attempt, _) in pending.Where(item => !held.Contains(item.Attempt.JobId)))
                {
                    attempt.Stop(StopReason.LeaseLost);
                }

                return;
            }
            catch (Exception problem) when (Sql.IsDataFault(problem))
            {
                // One attempt said what cannot be stored: the others' lines must not wait behind it for ever.
                if (pending.Count == 1)
                {
                    Refused(logger, problem, pending[0].Attempt.JobId);
                    return;
                }

                foreach (var item in pending)
                {
                    await AppendAsync([item], cancellationToken);
                }

                return;
            }
            catch (Exception problem) when (!cancellationToken.IsCancellationRequested)
            {
                failures++;
                Failed(logger, problem, pending.Count, failures);
                await Task.Delay(Duty.Backoff(failures), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception problem)
            {
                // Time is up. A broken connection may surface as any exception, and none of them may end an executor.
                Dropped(logger, pending.Count, problem.Message);
                return;
            }
        }
    }

    [LoggerMessage(110, LogLevel.Warning, "Writing log lines and progress of {Jobs} jobs failed, {Failures} times in a row; it tries again")]
    private static partial void Failed(ILogger logger, Exception problem, int jobs, int failures);

    [LoggerMessage(111, LogLevel.Error, "Log lines and progress of {Jobs} jobs were dropped: the database did not come back in time ({Reason})")]
    private static partial void Dropped(ILogger logger, int jobs, string reason);

    [LoggerMessage(112, LogLevel.Error, "Log lines and progress of job {JobId} cannot be stored and were dropped")]
    private static partial void Refused(ILogger logger, Exception problem, Guid jobId);
}
