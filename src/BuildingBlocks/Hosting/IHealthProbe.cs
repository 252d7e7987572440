namespace Modular.BuildingBlocks.Hosting;

/// <summary>Asks one part of the system whether it works. The module that owns the part implements it; the Health module asks them all.</summary>
public interface IHealthProbe
{
    /// <summary>The part's name in <c>GET /health</c>: database, storage, workers.</summary>
    string Name { get; }

    /// <summary>A critical part that is down makes the whole unhealthy (503); another one only degraded.</summary>
    bool IsCritical { get; }

    /// <summary>One real question to the part. A throw or a time-out counts as unhealthy.</summary>
    Task<ProbeResult> CheckAsync(CancellationToken cancellationToken);
}

/// <summary>A part's answer.</summary>
/// <param name="Status">healthy, degraded, unhealthy or disabled.</param>
/// <param name="Detail">What an operator should know, without host names or secrets; null when there is nothing to say.</param>
/// <param name="Data">Numbers of the part, shown beside its status (camelCase names).</param>
public sealed record ProbeResult(HealthStatus Status, string? Detail = null, IReadOnlyDictionary<string, object?>? Data = null);

/// <summary>A part's state.</summary>
public enum HealthStatus
{
    Healthy,
    Degraded,
    Unhealthy,
    Disabled,
}
