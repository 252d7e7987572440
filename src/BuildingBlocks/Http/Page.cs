using System.Buffers.Text;
using System.Globalization;
using System.Text;
using FluentValidation;

namespace Modular.BuildingBlocks.Http;

/// <summary>One page of a list.</summary>
/// <param name="Items">In the list's order.</param>
/// <param name="NextCursor">Give it as <c>cursor</c> for the page after; null at the end.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>Opaque keyset cursors: the last item's sort key, base64url.</summary>
public static class Cursor
{
    public static string Encode(string key) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(key));

    public static string Encode(long key) => Encode(key.ToString(CultureInfo.InvariantCulture));

    public static string Encode(Guid key) => Encode(key.ToString());

    /// <exception cref="Refusal">400 on <c>cursor</c>: it was not made by this API.</exception>
    public static string? Decode(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor))
        {
            return null;
        }

        try
        {
            var key = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Base64Url.DecodeFromChars(cursor));
            // No list has such a key, and PostgreSQL takes none.
            return key.Contains('\0', StringComparison.Ordinal) ? throw Invalid() : key;
        }
        catch (Exception problem) when (problem is FormatException or ArgumentException)
        {
            throw Invalid();
        }
    }

    /// <exception cref="Refusal">400 on <c>cursor</c>: it was not made by this list.</exception>
    public static long? DecodeNumber(string? cursor) =>
        Decode(cursor) switch
        {
            null => null,
            var text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var key) => key,
            _ => throw Invalid(),
        };

    /// <exception cref="Refusal">400 on <c>cursor</c>: it was not made by this list.</exception>
    public static Guid? DecodeId(string? cursor) =>
        Decode(cursor) switch
        {
            null => null,
            var text when Guid.TryParse(text, out var key) => key,
            _ => throw Invalid(),
        };

    /// <summary>A list's <c>limit</c>: 1 to 1000, 100 when not given.</summary>
    public static IRuleBuilderOptions<T, int?> PageLimit<T>(this IRuleBuilder<T, int?> rule) =>
        rule.InclusiveBetween(1, 1000).WithMessage("must be from 1 to 1000");

    private static Refusal Invalid() => Refusal.Invalid("cursor", "must be a nextCursor of this list, unchanged");
}
