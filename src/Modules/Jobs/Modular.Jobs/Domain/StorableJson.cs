using System.Globalization;
using System.Text.Json;

namespace Modular.Jobs.Domain;

/// <summary>
/// JSON that is well-formed and yet cannot be kept: PostgreSQL's jsonb refuses U+0000, lone surrogates and numbers beyond numeric, and a value that is
/// nested to the depth that readers allow does not fit into the documents around it. Found at submission, where the client can be told which member
/// it is, and before an outcome is written, where it must not come back for ever.
/// </summary>
internal static class StorableJson
{
    private const int MaxNumberLength = 400;
    private const int MaxExponent = 1000;

    /// <summary>Below the 64 levels of the JSON dialect: documents, answers and batches each wrap a level or two around.</summary>
    private const int MaxDepth = 60;

    public static (string Path, string Message)? FindProblem(JsonElement value, string path) => FindProblem(value, path, depth: 1);

    private static (string Path, string Message)? FindProblem(JsonElement value, string path, int depth)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object or JsonValueKind.Array when depth > MaxDepth:
                return (path, $"is nested deeper than {MaxDepth} levels");
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    if (!IsText(() => member.Name))
                    {
                        return (path, "has a member name with U+0000 or half a surrogate pair");
                    }

                    if (FindProblem(member.Value, $"{path}.{member.Name}", depth + 1) is { } inner)
                    {
                        return inner;
                    }
                }

                return null;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in value.EnumerateArray())
                {
                    if (FindProblem(item, $"{path}[{index++.ToString(CultureInfo.InvariantCulture)}]", depth + 1) is { } inner)
                    {
                        return inner;
                    }
                }

                return null;
            case JsonValueKind.String when !IsText(() => value.GetString()):
                return (path, "must not contain U+0000 or half a surrogate pair");
            case JsonValueKind.Number when !IsNumber(value.GetRawText()):
                return (path, "is a number that is too long or too large");
            default:
                return null;
        }
    }

    private static bool IsText(Func<string?> read)
    {
        try
        {
            return read()?.Contains('\0', StringComparison.Ordinal) == false;
        }
        catch (InvalidOperationException)
        {
            // System.Text.Json keeps a lone surrogate's escape and throws when it is read.
            return false;
        }
    }

    private static bool IsNumber(string text)
    {
        var exponent = text.AsSpan().IndexOfAny('e', 'E');
        return text.Length <= MaxNumberLength
            && (exponent < 0 || (int.TryParse(text.AsSpan(exponent + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power) && Math.Abs(power) <= MaxExponent));
    }
}
