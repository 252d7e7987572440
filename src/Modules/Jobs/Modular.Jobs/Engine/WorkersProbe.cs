using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>Are this replica's workers at work? A claim loop that stands still or a stale lease is unhealthy, but not critical: requests are served all the same.</summary>
internal sealed class WorkersProbe(Claimer claimer, LeaseKeeper lease, Replica replica, Queues queues, JobsOptions options, TimeProvider time) : IHealthProbe
{
    private static readonly TimeSpan Stuck = TimeSpan.FromSeconds(60);

    public string Name => "workers";

    public bool IsCritical => false;

    public async Task<ProbeResult> CheckAsync(CancellationToken cancellationToken)
    {
        var queued = (await queues.GetQueuesAsync(cancellationToken)).Sum(queue => queue.Queued);
        var data = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["active"] = claimer.Active,
            ["queued"] = queued,
            ["capacity"] = options.Concurrency,
        };
        return options.Concurrency == 0 ? new ProbeResult(HealthStatus.Disabled, null, data)
            : replica.Id == 0 ? new ProbeResult(HealthStatus.Degraded, "no lease yet", data)
            : lease.SinceRenewal > options.Lease ? new ProbeResult(HealthStatus.Unhealthy, "the lease is not renewed", data)
            : time.GetElapsedTime(claimer.LastRound) > Stuck ? new ProbeResult(HealthStatus.Unhealthy, "the claim loop stands still", data)
            : new ProbeResult(HealthStatus.Healthy, null, data);
    }
}
