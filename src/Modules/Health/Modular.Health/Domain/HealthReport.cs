using Modular.BuildingBlocks.Hosting;

namespace Modular.Health.Domain;

/// <summary>What one round of probes found: a critical part down makes the whole unhealthy, any other trouble degraded.</summary>
internal sealed record HealthReport(HealthStatus Status, IReadOnlyList<PartReport> Parts)
{
    public static HealthReport Of(IReadOnlyList<PartReport> parts) => new(
        parts.Any(part => part is { IsCritical: true, Status: HealthStatus.Unhealthy }) ? HealthStatus.Unhealthy
        : parts.Any(part => part.Status is HealthStatus.Unhealthy or HealthStatus.Degraded) ? HealthStatus.Degraded
        : HealthStatus.Healthy,
        parts);
}

/// <summary>One part's answer.</summary>
internal sealed record PartReport(string Name, bool IsCritical, HealthStatus Status, double LatencyMs, string? Detail, IReadOnlyDictionary<string, object?>? Data);
