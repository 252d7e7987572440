using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Serilog.Events;
using Serilog.Formatting;

namespace Modular.BuildingBlocks.Telemetry;

/// <summary>
/// The last net under all log lines: the values of secret settings and what looks like a credential become <c>***</c>. Nothing should log them in the first
/// place; messages of drivers and of exceptions are written by others.
/// </summary>
internal sealed partial class Redaction(ITextFormatter inner, IEnumerable<string> secrets) : ITextFormatter
{
    private const string Mask = "***";

    /// <summary>Shorter ones would turn ordinary words into stars.</summary>
    private const int ShortestSecret = 8;

    // As they are, and as JSON writes them.
    private readonly string[] _secrets =
    [
        .. secrets.Where(secret => secret.Length >= ShortestSecret)
            .SelectMany(secret => new[] { secret, JsonEncodedText.Encode(secret).ToString(), JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString() })
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(secret => secret.Length),
    ];

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        inner.Format(logEvent, text);
        var line = text.ToString();
        foreach (var secret in _secrets)
        {
            line = line.Replace(secret, Mask, StringComparison.Ordinal);
        }

        output.Write(Credential().Replace(line, "${name}" + Mask));
    }

    // Keys of this service; bearer tokens; signatures in URLs; passwords in connection strings and in URLs.
    [GeneratedRegex(
        """(?<name>\bmk_|\bbearer\s+|\b(x-amz-)?signature=|\bpassword=|\bpwd=|://[^\s/:@"\\]+:)[^\s"'&;,@\\]{6,}""",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Credential();
}
