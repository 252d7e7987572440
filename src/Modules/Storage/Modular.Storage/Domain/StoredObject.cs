namespace Modular.Storage.Domain;

/// <summary>The document behind a key: which immutable blob it points at, and what those bytes are. Written after the bytes are safe.</summary>
internal sealed record StoredObject
{
    /// <summary>The document's id.</summary>
    public required string Key { get; init; }

    public required Guid BlobId { get; init; }

    public required long Size { get; init; }

    /// <summary>Lower-case hex.</summary>
    public required string Sha256 { get; init; }

    public required string ContentType { get; init; }

    /// <summary>By the database's clock, as is the expiry.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The job that owns the object and takes it along when it is deleted; null: the user's.</summary>
    public Guid? JobId { get; init; }

    /// <summary>The strong validator: equal tags mean equal bytes.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string ETag => $"\"{Sha256}\"";
}
