namespace Modular.Ops.Domain;

/// <summary>A key as it is stored: never the key itself.</summary>
internal sealed record ApiKey
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    /// <summary>SHA-256 of the key's text, in hex. The key is 256 random bits, so a plain hash is enough: there is nothing to guess.</summary>
    public required string Hash { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Requests a minute that this key may send; null: the limit of its client address holds.</summary>
    public int? RateLimitPerMinute { get; init; }
}
