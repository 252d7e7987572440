using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Engine;

/// <summary>
/// Writes outcomes in batches: while one transaction waits for the disk another is prepared, and what ends meanwhile gathers for the next. An outcome is
/// never dropped: a batch is tried until the database takes it, and a bounded queue in front holds executors back meanwhile.
/// </summary>
internal sealed partial class Completer(CompleteJobs completions, HeldJobs held, JobMetrics metrics, TimeProvider time, ILogger<Completer> logger)
{
    /// <summary>1,000 were tried: no faster, and each outcome waits longer.</summary>
    private const int MaxBatch = 500;

    private const string NotStorable = "ResultNotStorable";

    /// <summary>Transactions under way at once: with one, the cores idled for a tenth of a drain.</summary>
    private const int Writers = 2;

    private readonly Channel<Completion> _queue = Channel.CreateBounded<Completion>(2 * MaxBatch);

    public ValueTask AddAsync(Completion completion) => _queue.Writer.WriteAsync(completion);

    /// <summary>Runs until <see cref="Complete"/> was called and all is written, or <paramref name="cancellationToken"/> gives up on a database that is away.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => WriteAsync(cancellationToken)));

    /// <summary>No more outcomes come.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        var batch = new List<Completion>(MaxBatch);
        while (await _queue.Reader.WaitToReadAsync(cancellationToken))
        {
            batch.Clear();
            while (batch.Count < MaxBatch && _queue.Reader.TryRead(out var completion))
            {
                batch.Add(completion);
            }

            if (batch.Count > 0)
            {
                await ApplyAsync(batch, cancellationToken);
            }
        }
    }

    private async Task ApplyAsync(IReadOnlyList<Completion> batch, CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            try
            {
                var applied = await completions.ApplyAsync(batch, cancellationToken);
                foreach (var completion in batch)
                {
                    Settle(completion, applied.Contains(completion.Job.Id));
                }

                return;
            }
            catch (Exception problem) when (Sql.IsDataFault(problem) && (batch.Count > 1 || MayBeUnstorable(batch[0])))
            {
                // One outcome holds what cannot be stored. Its neighbours must not suffer, and it must not come back for ever.
                if (batch.Count > 1)
                {
                    foreach (var completion in batch)
                    {
                        await ApplyAsync([completion], cancellationToken);
                    }

                    return;
                }

                Refused(logger, problem, batch[0].Job.Id);
                batch = [Unstorable(batch[0])];
            }
            catch (Exception problem) when (!cancellationToken.IsCancellationRequested)
            {
                failures++;
                Failed(logger, problem, batch.Count, failures);
                await Task.Delay(Duty.Backoff(failures), time, cancellationToken);
            }
        }
    }

    private void Settle(Completion completion, bool applied)
    {
        held.Remove(completion.Job.Id, completion.Job.Lease);
        if (!applied)
        {
            Stale(logger, completion.Job.Id, completion.Job.Lease);
        }
        else if (completion.Attempt is { } attempt)
        {
            metrics.Finished(completion.Job, attempt, JobTransitions.Target(JobState.Running, completion.Trigger));
        }
    }

    /// <summary>It carries what a handler made, and has not been replaced by <see cref="Unstorable"/> yet.</summary>
    private static bool MayBeUnstorable(Completion completion) => completion.Attempt is { Error: not { Type: NotStorable } };

    private static Completion Unstorable(Completion completion) => completion with
    {
        Trigger = JobTrigger.Exhausted,
        Result = null,
        Progress = null,
        Attempt = completion.Attempt! with { Outcome = AttemptOutcome.Failed, Error = new JobError(NotStorable, "The outcome holds what the database cannot store.") },
    };

    [LoggerMessage(120, LogLevel.Warning, "Writing {Jobs} outcomes failed, {Failures} times in a row; it tries again")]
    private static partial void Failed(ILogger logger, Exception problem, int jobs, int failures);

    [LoggerMessage(121, LogLevel.Warning, "Job {JobId} was taken over: the outcome under lease {Lease} was refused")]
    private static partial void Stale(ILogger logger, Guid jobId, long lease);

    [LoggerMessage(122, LogLevel.Error, "The outcome of job {JobId} cannot be stored; the job fails")]
    private static partial void Refused(ILogger logger, Exception problem, Guid jobId);
}
