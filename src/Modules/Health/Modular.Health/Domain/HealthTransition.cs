using Modular.BuildingBlocks.Hosting;

namespace Modular.Health.Domain;

/// <summary>A part changed its state, as one replica saw it.</summary>
internal sealed record HealthTransition
{
    /// <summary>UUIDv7 of <see cref="At"/>: the history's order.</summary>
    public required Guid Id { get; init; }

    /// <summary>When it was noticed, also when it could be stored only later.</summary>
    public required DateTimeOffset At { get; init; }

    public required string Part { get; init; }

    public required HealthStatus From { get; init; }

    public required HealthStatus To { get; init; }

    public string? Detail { get; init; }

    /// <summary>The machine that noticed.</summary>
    public required string Replica { get; init; }
}
