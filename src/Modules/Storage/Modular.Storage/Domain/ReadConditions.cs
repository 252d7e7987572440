namespace Modular.Storage.Domain;

/// <summary>The conditional headers of a download (RFC 9110, sections 13 and 14) and what they come to.</summary>
internal sealed record ReadConditions
{
    public static readonly ReadConditions None = new();

    public EntityTags? IfMatch { get; init; }

    public EntityTags? IfNoneMatch { get; init; }

    public DateTimeOffset? IfModifiedSince { get; init; }

    public DateTimeOffset? IfUnmodifiedSince { get; init; }

    /// <summary>The one range that was asked for; null: none, or several, or not in bytes, all of which get the whole.</summary>
    public RequestedRange? Range { get; init; }

    /// <summary>The tag or the date of <c>If-Range</c>.</summary>
    public string? IfRangeTag { get; init; }

    public DateTimeOffset? IfRangeDate { get; init; }

    /// <summary>In the order of RFC 9110, section 13.2.2. Dates compare in whole seconds, which is all that HTTP can say.</summary>
    public Selection Select(string etag, DateTimeOffset lastModified, long size)
    {
        var modified = lastModified.ToUnixTimeSeconds();
        if (IfMatch is { } match ? !match.MatchesStrongly(etag) : IfUnmodifiedSince is { } unmodified && modified > unmodified.ToUnixTimeSeconds())
        {
            return Selection.PreconditionFailed;
        }

        if (IfNoneMatch is { } none ? none.MatchesWeakly(etag) : IfModifiedSince is { } since && modified <= since.ToUnixTimeSeconds())
        {
            return Selection.NotModified;
        }

        var rangeApplies = Range is not null
            && (IfRangeTag is null || string.Equals(IfRangeTag, etag, StringComparison.Ordinal))
            && (IfRangeDate is null || IfRangeDate.Value.ToUnixTimeSeconds() == modified);
        return rangeApplies ? Range!.Resolve(size) : Selection.Whole(size);
    }
}

/// <summary>A range as it was asked for: <c>first-last</c>, <c>first-</c> or <c>-suffix</c> (First is null).</summary>
internal sealed record RequestedRange(long? First, long? Last)
{
    public Selection Resolve(long size)
    {
        var (from, to) = First is { } first
            ? (first, Math.Min(Last ?? long.MaxValue, size - 1))
            : (Math.Max(0, size - Last!.Value), size - 1);
        return from > to || from >= size ? Selection.Unsatisfiable : new Selection(SelectionKind.Range, from, to - from + 1);
    }
}

/// <summary>Which bytes of an object answer a request.</summary>
internal sealed record Selection(SelectionKind Kind, long Offset, long Length)
{
    public static Selection NotModified { get; } = new(SelectionKind.NotModified, 0, 0);

    public static Selection PreconditionFailed { get; } = new(SelectionKind.PreconditionFailed, 0, 0);

    public static Selection Unsatisfiable { get; } = new(SelectionKind.Unsatisfiable, 0, 0);

    public static Selection Whole(long size) => new(SelectionKind.Whole, 0, size);
}

internal enum SelectionKind
{
    Whole,
    Range,
    NotModified,
    PreconditionFailed,
    Unsatisfiable,
}
