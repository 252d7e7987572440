using System.Text.Json;

namespace Modular.Jobs.Domain;

/// <summary>A job as clients see it.</summary>
internal sealed record JobView
{
    public required Guid Id { get; init; }

    public required long Seq { get; init; }

    public required string Type { get; init; }

    public required string Queue { get; init; }

    public required int Priority { get; init; }

    public required JobState State { get; init; }

    public required JsonElement Payload { get; init; }

    public JsonElement? Result { get; init; }

    public JobError? Error { get; init; }

    public JobProgress? Progress { get; init; }

    public required int Attempt { get; init; }

    public required int MaxAttempts { get; init; }

    public required IReadOnlyList<AttemptView> Attempts { get; init; }

    public required IReadOnlyList<string> Tags { get; init; }

    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    public required IReadOnlyList<JobArtifact> Artifacts { get; init; }

    /// <summary>Why it is not running; null when it runs or has ended.</summary>
    public string? WaitingFor { get; init; }

    public DateTimeOffset? CancelRequestedAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RunAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public static JobView Of(JobRecord job, string? waitingFor = null)
    {
        var (submission, live, outcome) = (job.Submission, job.Live, job.Outcome);
        return new JobView
        {
            Id = submission.Id,
            Seq = submission.Seq,
            Type = submission.Type,
            Queue = submission.Queue,
            Priority = submission.Priority,
            State = job.State,
            Payload = submission.Payload,
            Result = outcome?.Result,
            Error = outcome is not null ? outcome.Error : live!.Attempts.LastOrDefault()?.Error,
            Progress = outcome is not null ? outcome.Progress : live!.Progress,
            Attempt = outcome?.Attempt ?? live!.Attempt,
            MaxAttempts = outcome?.MaxAttempts ?? live!.MaxAttempts,
            Attempts = [.. JobHistory.Attempts(job).Select(AttemptView.Of)],
            Tags = submission.Tags,
            Metadata = submission.Metadata,
            Artifacts = job.Artifacts,
            WaitingFor = waitingFor,
            CancelRequestedAt = outcome is not null ? outcome.CancelRequestedAt : live!.CancelRequestedAt,
            CreatedAt = submission.CreatedAt,
            RunAt = live?.RunAt ?? submission.RunAt,
            StartedAt = outcome is not null ? outcome.StartedAt : live!.StartedAt,
            FinishedAt = outcome?.FinishedAt,
        };
    }
}

/// <summary>One attempt as clients see it.</summary>
internal sealed record AttemptView(int Number, string Worker, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, AttemptOutcome? Outcome, JobError? Error)
{
    public static AttemptView Of(JobAttempt attempt) =>
        new(attempt.Number, attempt.Worker, attempt.StartedAt, attempt.FinishedAt, attempt.Outcome, attempt.Error);
}

/// <summary>A job in a list: what a row shows.</summary>
internal sealed record JobListItem(
    Guid Id,
    long Seq,
    string Type,
    string Queue,
    int Priority,
    JobState State,
    JobError? Error,
    JobProgress? Progress,
    int Attempt,
    int MaxAttempts,
    IReadOnlyList<string> Tags,
    IReadOnlyDictionary<string, string> Metadata,
    IReadOnlyList<JobArtifact> Artifacts,
    DateTimeOffset? CancelRequestedAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset? RunAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt)
{
    public static JobListItem Of(JobRecord job)
    {
        var view = JobView.Of(job);
        return new JobListItem(
            view.Id, view.Seq, view.Type, view.Queue, view.Priority, view.State, view.Error, view.Progress, view.Attempt, view.MaxAttempts,
            view.Tags, view.Metadata, view.Artifacts, view.CancelRequestedAt, view.CreatedAt, view.RunAt, view.StartedAt, view.FinishedAt);
    }
}
