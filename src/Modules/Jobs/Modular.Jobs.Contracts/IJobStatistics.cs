namespace Modular.Jobs.Contracts;

/// <summary>One queue's depth at a moment.</summary>
/// <param name="Name">The queue.</param>
/// <param name="Paused">No job of it is claimed.</param>
/// <param name="Concurrency">How many of its jobs may run at once over all replicas; null: no limit.</param>
/// <param name="Scheduled">Jobs whose time has not come.</param>
/// <param name="Queued">Jobs that wait for a worker.</param>
/// <param name="Running">Jobs that a worker holds.</param>
/// <param name="OldestQueuedSeconds">Age of the oldest waiting job in seconds; null when none waits.</param>
public sealed record QueueDepth(string Name, bool Paused, int? Concurrency, long Scheduled, long Queued, long Running, double? OldestQueuedSeconds);

/// <summary>Numbers about jobs for those who show or export them.</summary>
public interface IJobStatistics
{
    /// <summary>Every known queue, by name. Database-wide; answers from a copy of up to a second, or, when counting takes long, of up to 20 times as long as the count took.</summary>
    Task<IReadOnlyList<QueueDepth>> GetQueuesAsync(CancellationToken cancellationToken);
}
