namespace Modular.Jobs.Domain;

/// <summary>Where a job is. The numbers are stored: never change one.</summary>
internal enum JobState : short
{
    /// <summary>Waits for its time (a delay, or the backoff after a failed attempt). The Promoter moves it on.</summary>
    Scheduled = 0,

    /// <summary>Waits for a worker. The Claimer moves it on.</summary>
    Queued = 1,

    /// <summary>A worker holds it under a lease. Its worker moves it on, or the Rescuer when the worker's lease is over.</summary>
    Running = 2,

    /// <summary>The handler returned. Final.</summary>
    Succeeded = 3,

    /// <summary>No attempt is left, or the handler said that another one is useless. Final until a client retries it.</summary>
    Failed = 4,

    /// <summary>A client called it off. Final until a client retries it.</summary>
    Cancelled = 5,
}
