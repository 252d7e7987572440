namespace Modular.Ops.Domain;

/// <summary>One operator action: who, what, when, from where.</summary>
internal sealed record AuditEntry
{
    /// <summary>UUIDv7: the trail's order.</summary>
    public required Guid Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>The key's name and id, <c>admin</c> or <c>anonymous</c>.</summary>
    public required string Actor { get; init; }

    /// <summary>Such as <c>queue.pause</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What it was done to: a queue's name, a key's id.</summary>
    public string? Target { get; set; }

    public string? Detail { get; set; }

    public string? ClientIp { get; init; }
}
