using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>What follows a failed attempt.</summary>
internal static class Retry
{
    /// <summary>Another attempt after its backoff while one is left, the end otherwise.</summary>
    public static Completion Judge(ClaimedJob job, JobAttempt attempt, JobProgress? progress) =>
        job.Attempt < job.MaxAttempts
            ? new Completion(job, JobTrigger.AttemptFailed, attempt) { RetryDelay = job.Submission.Backoff.Delay(attempt.Number, Random.Shared.NextDouble()) }
            : new Completion(job, JobTrigger.Exhausted, attempt) { Progress = progress };
}
