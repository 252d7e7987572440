using System.Globalization;
using System.Text;

namespace Modular.Storage.Domain;

/// <summary>
/// Which keys start with a prefix, as a half-open interval in the order of UTF-8 bytes (PostgreSQL's "C" collation), so that an index answers it and the
/// scan ends where the prefix ends.
/// </summary>
/// <param name="From">The first key that belongs, inclusive.</param>
/// <param name="To">The first key that no longer belongs, exclusive; null: there is no such key.</param>
internal sealed record KeyRange(string From, string? To)
{
    public static KeyRange StartingWith(string prefix) => new(prefix, After(prefix));

    /// <summary>The smallest key after <paramref name="key"/>: keys have no control characters, so U+0001 sorts before whatever may follow.</summary>
    public static string JustAfter(string key) => key + '\u0001';

    /// <summary>What is wrong with a prefix, or null.</summary>
    public static string? Check(string prefix)
    {
        if (prefix.Any(char.IsControl) || prefix.Contains('\\', StringComparison.Ordinal))
        {
            return "must not contain control characters or a backslash";
        }

        // Lone surrogates have no UTF-8 form; U+FFFD stands for bytes that did not decode.
        if (prefix.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar) || !prefix.IsNormalized(NormalizationForm.FormC))
        {
            return "must be valid UTF-8 in Unicode normalization form C (NFC)";
        }

        return Encoding.UTF8.GetByteCount(prefix) > ObjectKey.MaxBytes
            ? string.Create(CultureInfo.InvariantCulture, $"must be at most {ObjectKey.MaxBytes} bytes of UTF-8")
            : null;
    }

    // The order of UTF-8 bytes is the order of code points: raising the last one gives the end of the prefix.
    private static string? After(string prefix)
    {
        var runes = prefix.EnumerateRunes().ToList();
        while (runes.Count > 0)
        {
            var last = runes[^1].Value;
            runes.RemoveAt(runes.Count - 1);
            if (last < 0x10FFFF)
            {
                var next = last + 1 is >= 0xD800 and <= 0xDFFF ? 0xE000 : last + 1;
                return string.Concat(runes) + char.ConvertFromUtf32(next);
            }
        }

        return null;
    }
}
