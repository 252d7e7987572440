namespace Modular.Storage.Domain;

/// <summary>The value of an <c>If-Match</c> or <c>If-None-Match</c> header: any (<c>*</c>) or a list of entity tags.</summary>
/// <param name="IsAny">The header is <c>*</c>.</param>
/// <param name="Tags">The tags as they were sent, <c>W/</c> and quotes included.</param>
internal sealed record EntityTags(bool IsAny, IReadOnlyList<string> Tags)
{
    /// <summary>Strong comparison (If-Match, If-Range): a weak tag never matches.</summary>
    public bool MatchesStrongly(string? etag) => etag is not null && (IsAny || Tags.Contains(etag, StringComparer.Ordinal));

    /// <summary>Weak comparison (If-None-Match): the <c>W/</c> does not count.</summary>
    public bool MatchesWeakly(string? etag) =>
        etag is not null && (IsAny || Tags.Any(tag => string.Equals(tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag, etag, StringComparison.Ordinal)));
}

/// <summary>What must hold of the object under a key for a write to happen, decided while the key is locked.</summary>
internal sealed record WriteConditions(EntityTags? IfMatch = null, EntityTags? IfNoneMatch = null)
{
    public static readonly WriteConditions None = new();

    /// <param name="current">The entity tag of the object now, or null when there is none.</param>
    public bool Hold(string? current) =>
        (IfMatch is null || IfMatch.MatchesStrongly(current)) && (IfNoneMatch is null || !IfNoneMatch.MatchesWeakly(current));
}
