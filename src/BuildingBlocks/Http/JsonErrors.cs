using System.Text.Json;
using System.Text.RegularExpressions;

namespace Modular.BuildingBlocks.Http;

/// <summary>Says which member of a JSON text is wrong and why, in the client's words instead of .NET's.</summary>
public static partial class JsonErrors
{
    /// <param name="problem">What System.Text.Json said.</param>
    /// <param name="prefix">Where the text stands in the request, such as <c>payload</c>; empty for the body itself.</param>
    public static Dictionary<string, string[]> Describe(JsonException problem, string prefix = "")
    {
        var path = (problem.Path ?? "$").TrimStart('$').TrimStart('.');
        var message = problem.Message;
        string text;
        if (Unmapped().Match(message) is { Success: true } unknown)
        {
            path = Child(path, unknown.Groups["name"].Value);
            text = "is not a known member";
        }
        else if (Duplicate().Match(message) is { Success: true } twice)
        {
            path = Child(path, twice.Groups["name"].Value);
            text = "is given twice";
        }
        else if (Conversion().Match(message) is { Success: true } type)
        {
            text = $"must be {Expected(type.Groups["type"].Value, path[(path.LastIndexOf('.') + 1)..])}";
        }
        else if (problem.InnerException is null && !message.Contains("BytePositionInLine", StringComparison.Ordinal))
        {
            text = message;
        }
        else
        {
            path = "";
            text = $"is not well-formed JSON (line {problem.LineNumber + 1}, byte {problem.BytePositionInLine})";
        }

        var field = (prefix, path) switch
        {
            ("", "") => "$",
            ("", _) => path,
            (_, "") => prefix,
            _ => path.StartsWith('[') ? prefix + path : $"{prefix}.{path}",
        };
        return new(StringComparer.Ordinal) { [field] = [text] };
    }

    // The reader's path already ends in the member when it had been read, and stops at its parent when it had not.
    private static string Child(string path, string name) =>
        path.Length == 0 ? name : path == name || path.EndsWith("." + name, StringComparison.Ordinal) ? path : $"{path}.{name}";

    // For a record with a constructor the message may name the record while the path already names its member.
    private static string Expected(string type, string member) => type switch
    {
        _ when OwnType(type) is { IsEnum: true } own => string.Join(" or ", Enum.GetNames(own).Select(JsonNamingPolicy.CamelCase.ConvertName)),
        _ when OwnType(type)?.GetProperties().FirstOrDefault(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name) == member) is { } property
            => Expected(property.PropertyType.FullName!, ""),
        _ when OwnType(type) is not null => "an object",
        _ when type.Contains("String", StringComparison.Ordinal) && !type.Contains('[', StringComparison.Ordinal) => "a string",
        _ when type.Contains("Int", StringComparison.Ordinal) && !type.Contains("[]", StringComparison.Ordinal) => "a whole number",
        _ when type.Contains("Boolean", StringComparison.Ordinal) => "true or false",
        _ when type.Contains("DateTimeOffset", StringComparison.Ordinal) => "an ISO 8601 time with an offset",
        _ when type.Contains("Double", StringComparison.Ordinal) => "a number",
        _ when type.Contains("Guid", StringComparison.Ordinal) => "an id (UUID)",
        _ when type.Contains("Dictionary", StringComparison.Ordinal) => "an object of strings",
        _ when type.Contains("[]", StringComparison.Ordinal) || type.Contains("List", StringComparison.Ordinal) => "an array",
        _ => "a value of the documented kind",
    };

    // A type of ours by the name in the message, Nullable taken off; a refusal is rare enough to look for it.
    private static Type? OwnType(string type)
    {
        var name = type.StartsWith("System.Nullable", StringComparison.Ordinal) ? type.Split('[', ']')[1] : type;
        return name.StartsWith("Modular.", StringComparison.Ordinal)
            ? AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(name)).FirstOrDefault(found => found is not null)
            : null;
    }

    [GeneratedRegex("JSON property '(?<name>[^']*)' could not be mapped", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Unmapped();

    [GeneratedRegex("[Dd]uplicate property '(?<name>[^']*)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Duplicate();

    [GeneratedRegex(@"could not be converted to (?<type>\S+?)\.? ", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Conversion();
}
