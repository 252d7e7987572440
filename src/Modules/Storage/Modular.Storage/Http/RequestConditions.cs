using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Modular.BuildingBlocks.Http;
using Modular.Storage.Domain;

namespace Modular.Storage.Http;

/// <summary>Reads the conditional headers of RFC 9110.</summary>
internal static class RequestConditions
{
    /// <exception cref="Refusal">400: a header cannot be read. For a write, a condition that is ignored is an overwritten object.</exception>
    public static WriteConditions ReadWriteConditions(this HttpRequest request) =>
        new(Tags(request.Headers.IfMatch, HeaderNames.IfMatch), Tags(request.Headers.IfNoneMatch, HeaderNames.IfNoneMatch));

    /// <summary>A date or a range that cannot be read is ignored, as RFC 9110 asks.</summary>
    public static ReadConditions ReadReadConditions(this HttpRequest request)
    {
        var headers = request.GetTypedHeaders();
        var ifRange = headers.IfRange;
        return new ReadConditions
        {
            IfMatch = Tags(request.Headers.IfMatch, HeaderNames.IfMatch),
            IfNoneMatch = Tags(request.Headers.IfNoneMatch, HeaderNames.IfNoneMatch),
            IfModifiedSince = headers.IfModifiedSince,
            IfUnmodifiedSince = headers.IfUnmodifiedSince,
            Range = headers.Range is { Ranges: { Count: 1 } ranges } range && range.Unit.Equals("bytes", StringComparison.OrdinalIgnoreCase)
                ? new RequestedRange(ranges.First().From, ranges.First().To)
                : null,
            IfRangeTag = ifRange?.EntityTag?.ToString() ?? (ifRange is null && !StringValues.IsNullOrEmpty(request.Headers.IfRange) ? request.Headers.IfRange.ToString() : null),
            IfRangeDate = ifRange?.LastModified,
        };
    }

    /// <summary>The seconds of <c>X-Expires-In</c>: 1 second to 10 years.</summary>
    public static TimeSpan? ReadExpiresIn(this HttpRequest request)
    {
        const string Header = "X-Expires-In";
        const int TenYears = 10 * 365 * 24 * 3600;
        var text = request.Headers[Header].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 1 and <= TenYears
            ? TimeSpan.FromSeconds(seconds)
            : throw Refusal.Invalid(Header, $"must be a whole number of seconds from 1 to {TenYears}");
    }

    private static EntityTags? Tags(StringValues header, string name)
    {
        if (StringValues.IsNullOrEmpty(header))
        {
            return null;
        }

        if (!EntityTagHeaderValue.TryParseStrictList([.. header.OfType<string>()], out var tags))
        {
            throw Refusal.Invalid(name, "must be * or a list of quoted entity tags, as the ETag header gives them");
        }

        return new EntityTags(tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any)), [.. tags.Select(tag => tag.ToString())]);
    }
}
