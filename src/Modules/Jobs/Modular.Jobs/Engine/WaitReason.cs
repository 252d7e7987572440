using System.Globalization;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>Says in one sentence why a job is not running.</summary>
internal sealed class WaitReason(JobReader jobs, Queues queues, Replicas replicas, JobTypes types)
{
    private const int CountUpTo = 1000;

    public async Task<string?> ExplainAsync(JobRecord job, CancellationToken cancellationToken)
    {
        if (job.Live is not { State: JobState.Scheduled or JobState.Queued } live)
        {
            return null;
        }

        if (live.State == JobState.Scheduled)
        {
            var at = live.RunAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            return live.Attempt == 0 ? $"scheduled for {at}" : $"retry {live.Attempt + 1} of {live.MaxAttempts} at {at}";
        }

        var name = job.Submission.Queue;
        var (isPaused, concurrency, running) = await queues.FindLimitAsync(name, cancellationToken);
        if (isPaused)
        {
            return $"queue '{name}' is paused";
        }

        if (types.Find(job.Submission.Type) is null)
        {
            return $"this replica does not know the job type '{job.Submission.Type}'; it waits for one that does";
        }

        if ((await replicas.ListAsync(cancellationToken)).All(replica => replica.Capacity == 0 || replica.Draining))
        {
            return "no worker is alive";
        }

        if (concurrency is { } limit && running >= limit)
        {
            return $"queue '{name}' runs {running} of at most {limit}";
        }

        var ahead = await jobs.CountAheadAsync(job, CountUpTo + 1, cancellationToken);
        return ahead > CountUpTo ? $"more than 1,000 jobs ahead in '{name}'" : $"{ahead} job{(ahead == 1 ? "" : "s")} ahead in '{name}'";
    }
}
