namespace Modular.Jobs.Domain;

/// <summary>What can happen to a job.</summary>
internal enum JobTrigger
{
    /// <summary>Its time has come.</summary>
    Due,

    /// <summary>A worker took it under a lease.</summary>
    Claimed,

    /// <summary>The handler returned.</summary>
    Succeeded,

    /// <summary>The attempt failed, timed out or its worker was lost, and attempts are left.</summary>
    AttemptFailed,

    /// <summary>The same with none left, or the handler said that a retry is useless.</summary>
    Exhausted,

    /// <summary>A draining replica or a paused queue returned it unfinished: the attempt does not count.</summary>
    GivenBack,

    /// <summary>Cancel was asked and the handler stopped, or ignored it for 10 s.</summary>
    Stopped,

    /// <summary>A client cancels it.</summary>
    Cancelled,

    /// <summary>A client gives it another set of attempts.</summary>
    Retried,
}

/// <summary>The state machine. Nothing else decides a state: statements take their target states from here.</summary>
internal static class JobTransitions
{
    /// <summary>The state of a new job.</summary>
    public static JobState Initial(bool later) => later ? JobState.Scheduled : JobState.Queued;

    /// <summary>The state after <paramref name="trigger"/>, or null when it cannot happen in <paramref name="from"/>.</summary>
    public static JobState? Next(JobState from, JobTrigger trigger) => (from, trigger) switch
    {
        (JobState.Scheduled, JobTrigger.Due) => JobState.Queued,
        (JobState.Queued, JobTrigger.Claimed) => JobState.Running,
        (JobState.Running, JobTrigger.Succeeded) => JobState.Succeeded,
        (JobState.Running, JobTrigger.AttemptFailed) => JobState.Scheduled,
        (JobState.Running, JobTrigger.Exhausted) => JobState.Failed,
        (JobState.Running, JobTrigger.GivenBack) => JobState.Queued,
        (JobState.Running, JobTrigger.Stopped) => JobState.Cancelled,
        (JobState.Scheduled or JobState.Queued, JobTrigger.Cancelled) => JobState.Cancelled,
        (JobState.Failed or JobState.Cancelled, JobTrigger.Retried) => JobState.Queued,
        _ => null,
    };

    /// <summary>The state after a transition that the caller knows to be possible.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static JobState Target(JobState from, JobTrigger trigger) =>
        Next(from, trigger) ?? throw new InvalidOperationException($"A {from} job cannot be {trigger}.");

    /// <summary>Succeeded, failed or cancelled.</summary>
    public static bool IsFinal(this JobState state) => state is JobState.Succeeded or JobState.Failed or JobState.Cancelled;
}
