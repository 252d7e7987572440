using System.Text.Json;

namespace Modular.Jobs.Domain;

/// <summary>How a job ended: a document, written once; a retry removes it.</summary>
internal sealed record Outcome
{
    public required Guid Id { get; init; }

    public long Seq { get; init; }

    public required JobState State { get; init; }

    public JsonElement? Result { get; init; }

    public JobError? Error { get; init; }

    /// <summary>Attempts that counted.</summary>
    public int Attempt { get; init; }

    public int MaxAttempts { get; init; }

    /// <summary>Every attempt that counted, oldest first.</summary>
    public IReadOnlyList<JobAttempt> Attempts { get; init; } = [];

    public JobProgress? Progress { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The database's clock.</summary>
    public DateTimeOffset FinishedAt { get; init; }

    public DateTimeOffset? CancelRequestedAt { get; init; }

    /// <summary>The job's last lease number. A retry goes on from it, so that no number is ever used twice.</summary>
    public long Lease { get; init; }

    /// <summary>The sequence of the job's <c>end</c> event; its last <c>state</c> event is the one before.</summary>
    public int EndSeq { get; init; }
}

/// <summary>Why an attempt or a job failed.</summary>
/// <param name="Type">A stable word: an exception's name, Timeout, WorkerLost, …</param>
/// <param name="Message">For the client.</param>
internal sealed record JobError(string Type, string Message);

/// <summary>How far a job is.</summary>
/// <param name="Percent">0 to 100.</param>
/// <param name="Message">What is being done.</param>
internal sealed record JobProgress(double Percent, string? Message);

/// <summary>One attempt that counted.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Worker">The replica that ran it.</param>
/// <param name="StartedAt">When it was claimed.</param>
/// <param name="FinishedAt">When it ended; null while it runs.</param>
/// <param name="Outcome">succeeded, failed, timedOut, lost, cancelled; null while it runs.</param>
/// <param name="Error">What went wrong.</param>
internal sealed record JobAttempt(int Number, string Worker, DateTimeOffset StartedAt, DateTimeOffset? FinishedAt, AttemptOutcome? Outcome, JobError? Error)
{
    /// <summary>The sequence of the attempt's <c>running</c> event.</summary>
    public int StartSeq { get; init; }

    /// <summary>The sequence of the <c>scheduled</c> event that followed when it failed with attempts left; 0 otherwise.</summary>
    public int RescheduledSeq { get; init; }
}

/// <summary>How an attempt ended.</summary>
internal enum AttemptOutcome
{
    Succeeded,
    Failed,
    TimedOut,
    Lost,
    Cancelled,
}
