using System.Globalization;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Compact;

namespace Modular.BuildingBlocks.Telemetry;

/// <summary>Compact JSON, one object a line. Characters that JSON may hold as they are but at which viewers break or reorder lines are escaped too.</summary>
internal sealed class JsonLines : ITextFormatter
{
    private readonly RenderedCompactJsonFormatter _compact = new();

    public void Format(LogEvent logEvent, TextWriter output)
    {
        using var line = new StringWriter(CultureInfo.InvariantCulture);
        _compact.Format(logEvent, line);
        output.WriteLine(TextLines.Visible(line.ToString().TrimEnd('\r', '\n')));
    }
}
