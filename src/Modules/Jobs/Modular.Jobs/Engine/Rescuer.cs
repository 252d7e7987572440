using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Engine;

/// <summary>
/// Declares replicas dead whose lease is over, and ends their attempts as lost: retried after their backoff, or failed with WorkerLost when that was the
/// last one, so that a job that kills its worker does not do so for ever. Every replica does this; the fence lets one of them win.
/// </summary>
internal sealed partial class Rescuer(
    Replicas replicas, CompleteJobs completions, HeldJobs held, Replica replica, LeaseKeeper lease, JobsOptions options, JobMetrics metrics, TimeProvider time, ILogger<Rescuer> logger)
    : Duty(time, logger)
{
    private const int MaxBatch = 200;

    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(100);
    private readonly TimeProvider _clock = time;
    private HashSet<(Guid, long)> _unknown = [];
    private long _claimsLost;
    private int _looksForUnknown;
    private long _unknownSince;
    private TimeSpan _interval = options.Lease / 4;
    private long? _lastRound;
    private long? _tidiedAt;
    private long _steadySince;

    protected override TimeSpan Interval => _interval;

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        var isSteady = IsSteady();
        var (declared, anyDead, nextExpiry) = await replicas.DeclareDeadAsync(isSteady, cancellationToken);
        foreach (var name in declared)
        {
            Dead(logger, name);
        }

        // Without a dead replica only a lease row that vanished leaves orphans: looked for once in a while.
        var tidies = _tidiedAt is not { } tidied || _clock.GetElapsedTime(tidied) > 2 * options.Lease;
        var orphans = anyDead || tidies ? await replicas.FindOrphansAsync(MaxBatch, cancellationToken) : [];
        if (orphans.Count > 0)
        {
            var lost = orphans.Select(Lost).ToArray();
            var applied = await completions.ApplyAsync(lost, cancellationToken);
            metrics.Rescued(applied.Count);
            foreach (var completion in lost.Where(completion => applied.Contains(completion.Job.Id)))
            {
                metrics.Finished(completion.Job, completion.Attempt!, JobTransitions.Target(JobState.Running, completion.Trigger));
            }

            Rescued(logger, applied.Count);
        }

        await ReturnUnknownAsync(tidies, cancellationToken);
        if (tidies)
        {
            await replicas.ForgetDeadAsync(cancellationToken);
            _tidiedAt = _clock.GetTimestamp();
        }

        // The moment when a lease that nobody renews would be over; sooner while there is something to watch.
        _interval = !isSteady || _looksForUnknown > 0 ? options.Lease / 4
            : nextExpiry is { } next && next + Margin < options.Lease / 2 ? next + Margin
            : options.Lease / 2;
        _lastRound = _clock.GetTimestamp();
        return orphans.Count == MaxBatch;
    }

    /// <summary>
    /// After an outage of the database (or of this process: a frozen one thinks that all others were silent) every lease is over, and all replicas may be
    /// alive: each first gets the chance to renew. Rounds of this duty that came without a break show it, also on a replica that has no lease.
    /// </summary>
    private bool IsSteady()
    {
        if (_lastRound is not { } last || _clock.GetElapsedTime(last) > Interval + (options.Lease / 4))
        {
            _steadySince = _clock.GetTimestamp();
        }

        return _clock.GetElapsedTime(_steadySince) > options.Lease / 2 && (options.Concurrency == 0 || lease.SteadyFor > options.Lease / 2);
    }

    private static Completion Lost((ClaimedJob Job, string Worker, DateTimeOffset Now) orphan)
    {
        var attempt = new JobAttempt(
            orphan.Job.Attempt, orphan.Worker, orphan.Job.StartedAt, orphan.Now, AttemptOutcome.Lost, new JobError("WorkerLost", $"The worker {orphan.Worker} stopped answering."))
        {
            StartSeq = orphan.Job.StartSeq,
        };
        return Retry.Judge(orphan.Job, attempt, progress: null);
    }

    /// <summary>
    /// A claim whose answer was lost on the way has jobs under this replica's lease that nobody here knows. What the database says twice in a row
    /// and this process does not know, although every claim begun by the first time has ended, goes back. An answer that is only slow is waited for:
    /// its job would run here and elsewhere at once.
    /// </summary>
    private async Task ReturnUnknownAsync(bool always, CancellationToken cancellationToken)
    {
        if (held.ClaimsLost is var lost && lost != _claimsLost)
        {
            // One round to see them, one to be sure, one more since the first may have come before the lost claim's commit.
            (_claimsLost, _looksForUnknown) = (lost, 3);
        }

        if (replica.Id == 0 || (_looksForUnknown == 0 && !always) || held.ClaimsEnded < _unknownSince)
        {
            return;
        }

        var claimed = await replicas.FindHeldAsync(replica.Id, cancellationToken);
        var unknown = claimed.Where(job => !held.Holds(job.Id, job.Lease)).ToHashSet();
        var returned = unknown.Where(_unknown.Contains).ToArray();
        if (returned.Length > 0)
        {
            var placeholders = returned.Select(job => new Completion(
                new ClaimedJob(new Submission { Id = job.Id, Type = "", Payload = default }, job.Lease, 0, 0, default, 0, []), JobTrigger.GivenBack, null));
            await completions.ApplyAsync([.. placeholders], cancellationToken);
            Returned(logger, returned.Length);
        }

        // Not done while there are some.
        _looksForUnknown = unknown.Count > 0 ? Math.Max(1, _looksForUnknown) : Math.Max(0, _looksForUnknown - 1);
        _unknown = unknown;
        _unknownSince = held.ClaimsBegun;
    }

    [LoggerMessage(170, LogLevel.Warning, "Replica {Replica} is silent for longer than its lease: it is declared dead")]
    private static partial void Dead(ILogger logger, string replica);

    [LoggerMessage(171, LogLevel.Warning, "Rescued {Jobs} jobs of dead replicas")]
    private static partial void Rescued(ILogger logger, int jobs);

    [LoggerMessage(172, LogLevel.Warning, "Gave {Jobs} jobs back whose claim was never answered")]
    private static partial void Returned(ILogger logger, int jobs);
}
