using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Modular.Jobs.Contracts;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;
using Modular.Jobs.Secrets;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Engine;

/// <summary>Runs one attempt's handler and judges how it ended.</summary>
internal sealed partial class Executor(JobTypes types, PayloadSeal seal, IServiceScopeFactory scopes, Replica replica, EventWriter events, TimeProvider time, ILogger<Executor> logger)
{
    /// <summary>How long a handler that was asked to stop may take; then it is abandoned.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private const int MaxResultBytes = 256 * 1024;
    private const int MaxErrorText = 4096;
    private const int MaxPath = 512;

    /// <summary>Never throws. Null: the lease was lost, and nothing of the attempt may be written.</summary>
    public async Task<Completion?> RunAsync(Attempt attempt)
    {
        var job = attempt.Job;
        using var timeout = time.CreateTimer(_ => attempt.Stop(StopReason.TimedOut), null, TimeSpan.FromSeconds(job.Submission.TimeoutSeconds), Timeout.InfiniteTimeSpan);
        Completion? completion;
        try
        {
            completion = Succeeded(attempt, await RunHandlerAsync(attempt));
        }
        catch (Exception problem)
        {
            completion = Judge(attempt, problem);
        }

        await events.FlushAsync(attempt);
        // Asked last: the flush itself may have found the lease gone.
        return attempt.StopReason == StopReason.LeaseLost ? null : completion;
    }

    /// <summary>
    /// What becomes of a handler that began and that a drain ends: its job goes back and the attempt does not count. Unless the job may run once only:
    /// its handler may have had effects already, so it ends here.
    /// </summary>
    public Completion Interrupted(Attempt attempt) => attempt.Job.Submission.MaxAttempts > 1
        ? new Completion(attempt.Job, JobTrigger.GivenBack, null)
        : Ended(attempt, JobTrigger.Exhausted, AttemptOutcome.Lost, new JobError("WorkerLost", "The replica stopped before the job ended, and maxAttempts 1 means that it does not run again."));

    private async Task<JsonElement> RunHandlerAsync(Attempt attempt)
    {
        var submission = attempt.Job.Submission;
        var type = types.Find(submission.Type)
            ?? throw new InvalidOperationException($"This replica does not know the job type \"{submission.Type}\".");
        using var span = JobTrace.Start(submission, attempt.Job.Attempt);
        var scope = scopes.CreateAsyncScope();
        // Off this thread from the start: a handler that blocks must not hold its executor, and must be abandonable.
        var run = Task.Run(() => type.RunAsync(scope.ServiceProvider, seal.Open(submission), attempt, attempt.Stopping));
        var abandoned = false;
        try
        {
            if (await Task.WhenAny(run, attempt.Stopped) != run)
            {
                using var grace = new CancellationTokenSource();
                abandoned = await Task.WhenAny(run, Task.Delay(Grace, time, grace.Token)) != run;
                await grace.CancelAsync();
                if (abandoned)
                {
                    Abandoned(logger, submission.Id, submission.Type, Grace.TotalSeconds);
                    ForgetQuietly(run, scope);
                    throw new OperationCanceledException("The handler ignored that it was asked to stop.");
                }
            }

            return await run;
        }
        finally
        {
            if (!abandoned)
            {
                await scope.DisposeAsync();
            }
        }
    }

    private Completion Succeeded(Attempt attempt, JsonElement result)
    {
        var size = Encoding.UTF8.GetByteCount(result.GetRawText());
        var problem = size > MaxResultBytes ? new JobError("ResultTooLarge", $"The result has {size} bytes of JSON; at most {MaxResultBytes} are kept. Write it as an artifact.")
            : StorableJson.FindProblem(result, "result") is { } found ? new JobError("ResultNotStorable", $"The result cannot be kept: {StorableText.OfCharacters(found.Path, MaxPath)} {found.Message}.")
            : null;
        return problem is null
            ? Ended(attempt, JobTrigger.Succeeded, AttemptOutcome.Succeeded, null) with { Result = result }
            : Ended(attempt, JobTrigger.Exhausted, AttemptOutcome.Failed, problem);
    }

    private Completion Judge(Attempt attempt, Exception problem)
    {
        var job = attempt.Job;
        switch (attempt.StopReason)
        {
            case StopReason.Draining:
                return Interrupted(attempt);
            case StopReason.Cancelled:
                return Ended(attempt, JobTrigger.Stopped, AttemptOutcome.Cancelled, null);
            case StopReason.TimedOut:
                return Failed(attempt, AttemptOutcome.TimedOut, new JobError("Timeout", $"The attempt took longer than {job.Submission.TimeoutSeconds} s."));
        }

        if (problem is JobFailedException useless)
        {
            Useless(logger, job.Id, job.Submission.Type, useless.ErrorType);
            return Ended(attempt, JobTrigger.Exhausted, AttemptOutcome.Failed, Describe(useless.ErrorType, useless));
        }

        AttemptFailed(logger, problem, job.Id, job.Submission.Type, job.Attempt, job.MaxAttempts);
        return Failed(attempt, AttemptOutcome.Failed, Describe(problem.GetType().Name, problem));
    }

    private Completion Failed(Attempt attempt, AttemptOutcome outcome, JobError error) =>
        Retry.Judge(attempt.Job, Record(attempt, outcome, error), attempt.Progress);

    private Completion Ended(Attempt attempt, JobTrigger trigger, AttemptOutcome outcome, JobError? error) =>
        new(attempt.Job, trigger, Record(attempt, outcome, error)) { Progress = attempt.Progress };

    private JobAttempt Record(Attempt attempt, AttemptOutcome outcome, JobError? error) =>
        new(attempt.Job.Attempt, replica.Name, attempt.Job.StartedAt, attempt.Now, outcome, error) { StartSeq = attempt.Job.StartSeq };

    private static JobError Describe(string type, Exception problem) => new(StorableText.OfCharacters(type, MaxPath), StorableText.OfCharacters(problem.Message, MaxErrorText));

    private static void ForgetQuietly(Task run, AsyncServiceScope scope) =>
        _ = run.ContinueWith(
            async ended =>
            {
                // Observed, so that a late fault of an abandoned handler is not an unobserved exception.
                _ = ended.Exception;
                await scope.DisposeAsync();
            },
            TaskScheduler.Default);

    [LoggerMessage(130, LogLevel.Warning, "Job {JobId} ({Type}): attempt {Attempt} of {MaxAttempts} failed")]
    private static partial void AttemptFailed(ILogger logger, Exception problem, Guid jobId, string type, int attempt, int maxAttempts);

    [LoggerMessage(131, LogLevel.Information, "Job {JobId} ({Type}) failed for good: {ErrorType}")]
    private static partial void Useless(ILogger logger, Guid jobId, string type, string errorType);

    [LoggerMessage(132, LogLevel.Warning, "Job {JobId} ({Type}) ignored for {Seconds} s that it was asked to stop; its handler is abandoned")]
    private static partial void Abandoned(ILogger logger, Guid jobId, string type, double seconds);
}
