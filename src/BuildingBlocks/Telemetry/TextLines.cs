using System.Globalization;
using System.Text;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Display;

namespace Modular.BuildingBlocks.Telemetry;

/// <summary>
/// Lines for people. What a client sent cannot begin a line of its own or steer a terminal: control characters are shown as escapes, and the lines of an
/// exception are indented.
/// </summary>
internal sealed class TextLines : ITextFormatter
{
    private readonly MessageTemplateTextFormatter _message = new("{Message:l}", CultureInfo.InvariantCulture);

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var message = new StringWriter(CultureInfo.InvariantCulture);
        _message.Format(logEvent, message);
        output.Write(logEvent.Timestamp.ToString("HH:mm:ss.fff ", CultureInfo.InvariantCulture));
        output.Write(TelemetrySetup.NameOf(logEvent.Level).ToUpperInvariant().PadRight(6));
        output.WriteLine(Visible(message.ToString()));
        if (logEvent.Exception is { } problem)
        {
            foreach (var line in problem.ToString().ReplaceLineEndings("\n").Split('\n'))
            {
                output.Write("    ");
                output.WriteLine(Visible(line));
            }
        }
    }

    /// <summary>Unsafe characters as escapes, which JSON reads back.</summary>
    internal static string Visible(string text)
    {
        if (!text.Any(IsUnsafe))
        {
            return text;
        }

        var visible = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\r' => visible.Append("\\r"),
                '\n' => visible.Append("\\n"),
                '\t' => visible.Append("\\t"),
                _ when IsUnsafe(c) => visible.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => visible.Append(c),
            };
        }

        return visible.ToString();
    }

    // U+2028 and U+2029 are line ends too; the others of their kind reorder what is read (bidirectional overrides).
    private static bool IsUnsafe(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
