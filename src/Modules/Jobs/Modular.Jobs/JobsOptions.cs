using Modular.BuildingBlocks.Configuration;
using Modular.Jobs.Domain;

namespace Modular.Jobs;

/// <summary>How this replica works on jobs.</summary>
/// <param name="Concurrency">Handlers at once; 0: this replica runs no jobs.</param>
/// <param name="Queues">The queues it takes jobs from; empty: all.</param>
/// <param name="Lease">A replica that is silent for this long is dead and its jobs are rescued.</param>
/// <param name="KeepSucceeded">How long a job that succeeded, or was cancelled, is kept with its events, logs and own artifacts.</param>
/// <param name="KeepFailed">The same for one that failed.</param>
/// <param name="DebugJobs">Register the <c>debug.*</c> types.</param>
public sealed record JobsOptions(int Concurrency, IReadOnlyList<string> Queues, TimeSpan Lease, TimeSpan KeepSucceeded, TimeSpan KeepFailed, bool DebugJobs)
{
    public static JobsOptions Read(Settings settings) => new(
        settings.WholeNumber("WORKER_CONCURRENCY", Math.Max(4, 2 * Environment.ProcessorCount), 0, 1000, "jobs that run at once on this replica; 0: none", "2 × cores, at least 4"),
        ReadQueues(settings),
        TimeSpan.FromSeconds(settings.WholeNumber("JOB_LEASE_SECONDS", 15, 1, 300, "a replica that is silent for this long is dead, and its jobs run elsewhere")),
        TimeSpan.FromDays(settings.WholeNumber("JOB_RETENTION_DAYS", 7, 1, 3650, "days that succeeded and cancelled jobs are kept with their events, logs and own artifacts")),
        TimeSpan.FromDays(settings.WholeNumber("JOB_RETENTION_FAILED_DAYS", 30, 1, 3650, "the same for failed jobs")),
        settings.Flag("ENABLE_DEBUG_JOBS", false, "the debug.* job types"));

    // No job can be in a queue of another name: a replica for it alone would wait for ever.
    private static IReadOnlyList<string> ReadQueues(Settings settings)
    {
        var queues = settings.List("WORKER_QUEUES", "queues this replica takes jobs from; none given: all");
        foreach (var queue in queues.Where(queue => !JobRules.IsName(queue)))
        {
            settings.AddProblem($"WORKER_QUEUES has \"{queue}\": a queue's name {JobRules.NameRule}");
        }

        return queues;
    }
}
