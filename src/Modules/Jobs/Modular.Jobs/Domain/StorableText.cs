using System.Text;

namespace Modular.Jobs.Domain;

/// <summary>
/// A handler's text may hold anything; jsonb refuses U+0000, and half a surrogate pair is no UTF-8. Both become U+FFFD, since a message with a
/// blot in it is worth more than none.
/// </summary>
internal static class StorableText
{
    private const char Blot = '\ufffd';
    private const string Ellipsis = "…";

    /// <summary>At most <paramref name="max"/> characters, the ellipsis of a cut text included.</summary>
    public static string OfCharacters(string text, int max) =>
        Repair(text.Length <= max ? text : string.Concat(text.AsSpan(0, WholeRunes(text, max - Ellipsis.Length)), Ellipsis));

    /// <summary>At most <paramref name="max"/> bytes of UTF-8, the ellipsis of a cut text included.</summary>
    public static string OfBytes(string text, int max)
    {
        // No character takes more than three bytes of UTF-8 (a pair takes four): most lines need no counting.
        if (text.Length <= max / 3 || Encoding.UTF8.GetByteCount(text) <= max)
        {
            return Repair(text);
        }

        var (bytes, characters) = (Encoding.UTF8.GetByteCount(Ellipsis), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if ((bytes += rune.Utf8SequenceLength) > max)
            {
                break;
            }

            characters += rune.Utf16SequenceLength;
        }

        return Repair(string.Concat(text.AsSpan(0, characters), Ellipsis));
    }

    private static int WholeRunes(string text, int length) => char.IsHighSurrogate(text[length - 1]) ? length - 1 : length;

    private static string Repair(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') < 0)
        {
            return text.Replace('\0', Blot);
        }

        var repaired = new StringBuilder(text.Length);
        // Half a pair is enumerated as U+FFFD.
        foreach (var rune in text.EnumerateRunes())
        {
            repaired.Append(rune.Value == 0 ? Blot.ToString() : rune.ToString());
        }

        return repaired.ToString();
    }
}
