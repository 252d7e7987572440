using System.Text.Json;

namespace Modular.IntegrationTests.Infrastructure;

/// <summary>A job as the API answers it; written anew here, so that a change of the service's own records shows.</summary>
internal sealed record JobAnswer
{
    public required Guid Id { get; init; }

    public required long Seq { get; init; }

    public required string Type { get; init; }

    public required string Queue { get; init; }

    public required int Priority { get; init; }

    public required string State { get; init; }

    public JsonElement? Payload { get; init; }

    public JsonElement? Result { get; init; }

    public JobErrorAnswer? Error { get; init; }

    public JobProgressAnswer? Progress { get; init; }

    public int Attempt { get; init; }

    public int MaxAttempts { get; init; }

    public IReadOnlyList<JobAttemptAnswer> Attempts { get; init; } = [];

    public IReadOnlyList<string> Tags { get; init; } = [];

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<JobArtifactAnswer> Artifacts { get; init; } = [];

    public string? WaitingFor { get; init; }

    public DateTimeOffset? CancelRequestedAt { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? RunAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public bool IsFinished => State is "succeeded" or "failed" or "cancelled";
}

internal sealed record JobErrorAnswer(string Type, string Message);

internal sealed record JobProgressAnswer(double? Percent, string? Message);

internal sealed record JobAttemptAnswer(
    int Number, string? Worker, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, string? Outcome, JobErrorAnswer? Error);

internal sealed record JobArtifactAnswer(string Name, string Key, long Size, string? ContentType, string? Sha256);

/// <summary>One event of a job's stream.</summary>
internal sealed record JobEvent(long Id, string Event, JsonElement Data);
