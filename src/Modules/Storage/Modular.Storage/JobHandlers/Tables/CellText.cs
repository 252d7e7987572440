using System.Globalization;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>
/// The texts that stand for something else than themselves. Each rule takes only texts that lose nothing by it: <c>007</c>, <c>+1</c> and numbers of
/// more digits than a float keeps stay strings.
/// </summary>
internal static class CellText
{
    private const int MaxFloatDigits = 17;

    public static bool TryBoolean(ReadOnlySpan<char> text, out bool value)
    {
        value = text is "true" or "TRUE" or "True";
        return value || text is "false" or "FALSE" or "False";
    }

    /// <summary>Digits without leading zeros, maybe after a minus, within 64 bits.</summary>
    public static bool TryInteger(ReadOnlySpan<char> text, out long value)
    {
        var digits = text is ['-', ..] ? text[1..] : text;
        value = 0;
        return digits switch
        {
            [] or { Length: > 19 } => false,
            ['0', ..] => text is "0",
            [>= '1' and <= '9', ..] => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value),
            _ => false,
        };
    }

    /// <summary>A float holds exactly this integer.</summary>
    public static bool IsFloat(Int128 integer) => (Int128)(double)integer == integer;

    /// <summary>A JSON number of at most 17 significant digits whose nearest float is finite; an integer only when the float is the same.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out double value)
    {
        value = 0;
        if (!IsJsonNumber(text, out var digits, out var whole, out var zero) || digits > MaxFloatDigits)
        {
            return false;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value)
            && (value == 0) == zero
            && (!whole || (Int128.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) && IsFloat(integer)));
    }

    /// <summary>2024-01-31.</summary>
    public static bool TryDate(ReadOnlySpan<char> text, out DateOnly value)
    {
        value = default;
        return text.Length == 10 && DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out value);
    }

    /// <summary>2024-01-31T08:00:00, also with a blank for the T, with up to 6 decimals, without a zone.</summary>
    public static bool TryDateTime(ReadOnlySpan<char> text, out DateTime value) => TryTime(text, out value, out var zone) && zone.IsEmpty;

    /// <summary>The same with Z or an offset such as +02:00; the value is in UTC.</summary>
    public static bool TryTimestamp(ReadOnlySpan<char> text, out DateTime value)
    {
        if (!TryTime(text, out value, out var zone))
        {
            return false;
        }

        if (zone is "Z")
        {
            value = DateTime.SpecifyKind(value, DateTimeKind.Utc);
            return true;
        }

        if (zone is not ['+' or '-', _, _, ':', _, _]
            || !TimeSpan.TryParseExact(zone[1..], @"hh\:mm", CultureInfo.InvariantCulture, out var offset)
            || offset > TimeSpan.FromHours(14))
        {
            return false;
        }

        var ticks = value.Ticks - (zone[0] == '-' ? -offset : offset).Ticks;
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        value = new DateTime(ticks, DateTimeKind.Utc);
        return true;
    }

    private static bool TryTime(ReadOnlySpan<char> text, out DateTime value, out ReadOnlySpan<char> zone)
    {
        const int SecondsLength = 19;
        zone = default;
        value = default;
        if (text.Length < SecondsLength || text[10] is not ('T' or ' ') || !TryDate(text[..10], out var date)
            || !TimeOnly.TryParseExact(text[11..SecondsLength], "HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return false;
        }

        zone = text[SecondsLength..];
        var fraction = 0L;
        if (zone is ['.', ..])
        {
            var digits = zone[1..].IndexOfAnyExceptInRange('0', '9');
            digits = digits < 0 ? zone.Length - 1 : digits;
            if (digits is 0 or > 6)
            {
                return false;
            }

            fraction = long.Parse(zone[1..(digits + 1)], NumberStyles.None, CultureInfo.InvariantCulture);
            for (var i = digits; i < 7; i++)
            {
                fraction *= 10;
            }

            zone = zone[(digits + 1)..];
        }

        value = date.ToDateTime(time).AddTicks(fraction);
        return true;
    }

    private static bool IsJsonNumber(ReadOnlySpan<char> text, out int digits, out bool whole, out bool zero)
    {
        var i = text is ['-', ..] ? 1 : 0;
        var first = i;
        var trailingZeros = 0;
        (digits, whole, zero) = (0, true, true);
        for (; i < text.Length && (char.IsAsciiDigit(text[i]) || (text[i] == '.' && whole && i > first)); i++)
        {
            if (text[i] == '.')
            {
                whole = false;
                continue;
            }

            zero &= text[i] == '0';
            trailingZeros = text[i] == '0' ? trailingZeros + 1 : 0;
            digits += zero ? 0 : 1;
        }

        digits -= zero ? 0 : trailingZeros;
        var leadingZero = i > first + 1 && text[first] == '0' && text[first + 1] != '.';
        if (i == first || leadingZero || text[i - 1] == '.')
        {
            return false;
        }

        if (i == text.Length)
        {
            return true;
        }

        whole = false;
        var exponent = text[i..] is ['e' or 'E', '+' or '-', ..] ? i + 2 : i + 1;
        return text[i] is 'e' or 'E' && exponent < text.Length && text[exponent..].IndexOfAnyExceptInRange('0', '9') < 0;
    }
}
