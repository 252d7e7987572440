using System.Text.Json;

namespace Modular.Jobs.Domain;

/// <summary>
/// What a job's record already tells need not be stored as events: the <c>state</c> and <c>end</c> events of the plain course are derived
/// from it, with the same sequence for every reader. Stored events (log, progress, and the rare turns) fill the numbers between:
/// every number from 1 to the last is one or the other.
/// </summary>
internal static class JobHistory
{
    /// <summary>All attempts that counted, the running one included.</summary>
    public static IEnumerable<JobAttempt> Attempts(JobRecord job)
    {
        if (job.Outcome is { } outcome)
        {
            return outcome.Attempts;
        }

        var live = job.Live!;
        return live is { State: JobState.Running, StartedAt: { } startedAt }
            ? live.Attempts.Append(new JobAttempt(live.Attempt, live.Worker ?? "", startedAt, null, null, null) { StartSeq = live.StartSeq })
            : live.Attempts;
    }

    /// <summary>The derived events, in order.</summary>
    public static IEnumerable<JobEvent> Events(JobRecord job)
    {
        var submission = job.Submission;
        yield return JobEvent.State(1, submission.CreatedAt, JobTransitions.Initial(later: submission.RunAt is not null), 0, null, null);

        foreach (var attempt in Attempts(job))
        {
            yield return JobEvent.State(attempt.StartSeq, attempt.StartedAt, JobState.Running, attempt.Number, attempt.Worker, null);
            if (attempt.RescheduledSeq > 0)
            {
                yield return JobEvent.State(attempt.RescheduledSeq, attempt.FinishedAt!.Value, JobState.Scheduled, attempt.Number, attempt.Worker, attempt.Error);
            }
        }

        if (job.Outcome is { } outcome)
        {
            yield return JobEvent.State(outcome.EndSeq - 1, outcome.FinishedAt, outcome.State, outcome.Attempt, outcome.Attempts.LastOrDefault()?.Worker, outcome.Error);
            yield return JobEvent.End(outcome.EndSeq, outcome.FinishedAt, outcome.State, outcome.Result, outcome.Error);
        }
    }
}

/// <summary>One event of a job's stream. The kinds' numbers are stored: never change one.</summary>
internal enum JobEventKind : short
{
    State = 0,
    Progress = 1,
    Log = 2,
    End = 3,
}

/// <param name="Seq">1, 2, 3 … within the job.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Data">What a client gets, as JSON.</param>
internal sealed record JobEvent(int Seq, JobEventKind Kind, object Data)
{
    public static JobEvent State(int seq, DateTimeOffset at, JobState state, int attempt, string? worker, JobError? error) =>
        new(seq, JobEventKind.State, new StateChanged(state, attempt, worker, error, at));

    public static JobEvent End(int seq, DateTimeOffset at, JobState state, JsonElement? result, JobError? error) =>
        new(seq, JobEventKind.End, new Ended(state, result, error, at));
}

/// <summary>Data of a <c>state</c> event.</summary>
internal sealed record StateChanged(JobState State, int Attempt, string? Worker, JobError? Error, DateTimeOffset At);

/// <summary>Data of a <c>progress</c> event.</summary>
internal sealed record ProgressMade(double Percent, string? Message, DateTimeOffset At);

/// <summary>Data of a <c>log</c> event.</summary>
internal sealed record LogWritten(string Level, string Message, DateTimeOffset At);

/// <summary>Data of an <c>end</c> event.</summary>
internal sealed record Ended(JobState State, JsonElement? Result, JobError? Error, DateTimeOffset At);
