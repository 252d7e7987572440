namespace Modular.Jobs.Domain;

/// <summary>All that is known of one job at one moment: its submission with either its hot state or its outcome.</summary>
internal sealed record JobRecord(Submission Submission, LiveState? Live, Outcome? Outcome, IReadOnlyList<JobArtifact> Artifacts)
{
    /// <summary>The record of a job that was submitted this moment.</summary>
    public static JobRecord New(Submission submission) => new(
        submission,
        new LiveState { State = JobTransitions.Initial(later: submission.RunAt is not null), Attempt = 0, MaxAttempts = submission.MaxAttempts, RunAt = submission.RunAt, EventSeq = 1 },
        Outcome: null,
        Artifacts: []);

    public JobState State => Outcome?.State ?? Live!.State;

    /// <summary>The sequence of the job's latest event.</summary>
    public int LastSeq => Outcome?.EndSeq ?? Live!.EventSeq;
}

/// <summary>The hot state of a job that has not ended.</summary>
internal sealed record LiveState
{
    public required JobState State { get; init; }

    public required int Attempt { get; init; }

    public required int MaxAttempts { get; init; }

    /// <summary>When it may run; the backoff moves it.</summary>
    public DateTimeOffset? RunAt { get; init; }

    /// <summary>The replica that holds it.</summary>
    public string? Worker { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? CancelRequestedAt { get; init; }

    public JobProgress? Progress { get; init; }

    /// <summary>Attempts that ended.</summary>
    public IReadOnlyList<JobAttempt> Attempts { get; init; } = [];

    /// <summary>The latest event.</summary>
    public required int EventSeq { get; init; }

    /// <summary>The <c>running</c> event of the attempt that runs; 0 when none does.</summary>
    public int StartSeq { get; init; }
}

/// <summary>One object that the job wrote.</summary>
internal sealed record JobArtifact(string Name, string Key, long Size, string ContentType, string Sha256);

/// <summary>A job that changed, and its state now.</summary>
internal sealed record ChangedJob(Guid Id, JobState State);
