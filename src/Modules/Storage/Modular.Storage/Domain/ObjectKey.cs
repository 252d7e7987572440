using System.Globalization;
using System.Text;

namespace Modular.Storage.Domain;

/// <summary>
/// A name that points at bytes: 1 to 1024 bytes of UTF-8 in NFC, segments split by <c>/</c>. A key is refused or taken as it is, never rewritten, so that
/// two spellings never mean one object and one spelling never means two.
/// </summary>
internal sealed record ObjectKey
{
    /// <summary>The largest key in bytes of UTF-8.</summary>
    public const int MaxBytes = 1024;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ObjectKey(string value) => Value = value;

    public string Value { get; }

    public override string ToString() => Value;

    /// <summary>Reads a key from text that was already decoded (JSON, a form, a job's payload).</summary>
    /// <param name="text">The key.</param>
    /// <param name="key">The key when it is one.</param>
    /// <param name="problem">Else what is wrong, such as <c>must not contain a backslash</c>.</param>
    public static bool TryParse(string? text, out ObjectKey? key, out string? problem)
    {
        problem = Check(text);
        key = problem is null ? new ObjectKey(text!) : null;
        return problem is null;
    }

    /// <summary>
    /// Reads a key from the path part of a raw request target, still percent-encoded. It is decoded here, once: servers decode paths on their own and
    /// resolve dot segments, after which <c>a%2Fb</c> and <c>a/b</c> could not be told apart.
    /// </summary>
    public static bool TryParseEncoded(string encoded, out ObjectKey? key, out string? problem)
    {
        key = null;
        problem = Decode(encoded, out var text);
        return problem is null && TryParse(text, out key, out problem);
    }

    private static string? Decode(string encoded, out string? text)
    {
        text = null;
        var bytes = new byte[encoded.Length];
        var count = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            var c = encoded[i];
            if (c == '%')
            {
                if (i + 2 >= encoded.Length || !byte.TryParse(encoded.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
                {
                    return "must be percent-encoded correctly: % and two hexadecimal digits";
                }

                if (value is (byte)'/' or (byte)'\\')
                {
                    return "must not contain an encoded slash or backslash (%2F, %5C)";
                }

                bytes[count++] = value;
                i += 2;
            }
            else if (char.IsAscii(c))
            {
                bytes[count++] = (byte)c;
            }
            else
            {
                return "must be percent-encoded: only ASCII may stand in a URL";
            }
        }

        try
        {
            text = Strict.GetString(bytes, 0, count);
            return null;
        }
        catch (DecoderFallbackException)
        {
            return "must be valid UTF-8";
        }
    }

    private static string? Check(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return $"must be from 1 to {MaxBytes} bytes of UTF-8";
        }

        // A char is at most three bytes: the cheap bound keeps a huge text from being measured.
        if (text.Length > MaxBytes || !TryCount(text, out var bytes) || bytes > MaxBytes)
        {
            return text.Length <= MaxBytes && !TryCount(text, out _) ? "must be valid Unicode" : $"must be from 1 to {MaxBytes} bytes of UTF-8";
        }

        foreach (var c in text)
        {
            if (c == '\\')
            {
                return "must not contain a backslash";
            }

            if (char.IsControl(c))
            {
                return "must not contain control characters";
            }
        }

        if (!text.IsNormalized(NormalizationForm.FormC))
        {
            return "must be in Unicode normalization form C (NFC)";
        }

        foreach (var segment in text.AsSpan().Split('/'))
        {
            if (text.AsSpan(segment) is "" or "." or "..")
            {
                return "must not have empty, \".\" or \"..\" segments";
            }
        }

        return null;
    }

    private static bool TryCount(string text, out int bytes)
    {
        try
        {
            bytes = Strict.GetByteCount(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            bytes = 0;
            return false;
        }
    }
}
