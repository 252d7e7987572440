namespace Modular.Storage.Domain;

/// <summary>An announced upload: bytes that come by a signed URL and are published when the client says that they are complete.</summary>
internal sealed record Upload
{
    public required Guid Id { get; init; }

    public required string Key { get; init; }

    /// <summary>How many bytes were announced; neither more nor fewer are published.</summary>
    public required long Size { get; init; }

    public required string ContentType { get; init; }

    /// <summary>The announced SHA-256 (lower-case hex), or null.</summary>
    public string? Sha256 { get; init; }

    /// <summary>
    /// Where the bytes are. For bytes that go straight to S3 it is set from the start: the client may overwrite them until the URL expires, so completing
    /// copies them first. For bytes sent to this service it is set when they have arrived whole. Null again once completed.
    /// </summary>
    public Guid? BlobId { get; init; }

    /// <summary>The bytes go straight to S3.</summary>
    public bool IsDirect { get; init; }

    /// <summary>The SHA-256 of what arrived, when this service received it.</summary>
    public string? ReceivedSha256 { get; init; }

    /// <summary>What was published: a client that lost the answer asks again and gets the same one.</summary>
    public ObjectView? Completed { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
}
