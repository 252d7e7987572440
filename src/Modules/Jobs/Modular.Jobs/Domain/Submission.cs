using System.Text.Json;
using System.Text.Json.Serialization;

namespace Modular.Jobs.Domain;

/// <summary>What a client asked for: a document, written once and never patched.</summary>
internal sealed record Submission
{
    /// <summary>UUIDv7.</summary>
    public required Guid Id { get; init; }

    /// <summary>The order of submission, from the database.</summary>
    public long Seq { get; init; }

    public required string Type { get; init; }

    /// <summary>With <c>***</c> in place of secrets.</summary>
    public required JsonElement Payload { get; init; }

    /// <summary>The payload's secret members, encrypted; null: it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sealed { get; init; }

    /// <summary>The W3C <c>traceparent</c> of the request that submitted the job; null: it was part of no trace.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TraceParent { get; init; }

    public string Queue { get; init; } = Defaults.Queue;

    public int Priority { get; init; }

    public int MaxAttempts { get; init; } = Defaults.MaxAttempts;

    public int TimeoutSeconds { get; init; } = Defaults.TimeoutSeconds;

    public Backoff Backoff { get; init; } = new();

    public IReadOnlyList<string> Tags { get; init; } = [];

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The database's clock.</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it may run first; null: at once.</summary>
    public DateTimeOffset? RunAt { get; init; }
}

/// <summary>What a submission that leaves something out gets.</summary>
internal static class Defaults
{
    public const string Queue = "default";
    public const int MaxAttempts = 5;
    public const int TimeoutSeconds = 3600;
}
