using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Hosting;
using Prometheus;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace Modular.BuildingBlocks.Telemetry;

/// <summary>Logs and metrics of one Host. Nothing static: several Hosts may live in one test process.</summary>
public static class TelemetrySetup
{
    /// <summary>What <c>LOG_LEVEL</c> and <c>PUT /log-level</c> take.</summary>
    public static IReadOnlyList<string> Levels { get; } = ["debug", "info", "warn", "error"];

    public static void AddTelemetry(this WebApplicationBuilder builder, Settings settings)
    {
        var level = new LoggingLevelSwitch(Level(settings.Choice("LOG_LEVEL", "info", Levels, "debug, info, warn or error")));
        var format = settings.Choice("LOG_FORMAT", settings.IsDevelopment ? "text" : "json", ["json", "text"], "json (one object a line) or text");
        builder.Services.AddSingleton(level);
        builder.Services.AddSerilog(
            (_, logs) =>
            {
                logs.MinimumLevel.ControlledBy(level)
                    .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
                    .MinimumLevel.Override("System", LogEventLevel.Warning)
                    // The exception handler middleware repeats at Error what Problems already logged, refusals included.
                    .MinimumLevel.Override("Microsoft.AspNetCore.Diagnostics", LogEventLevel.Fatal)
                    .MinimumLevel.Override("Npgsql", LogEventLevel.Warning)
                    .MinimumLevel.Override("Marten", LogEventLevel.Warning)
                    .Enrich.FromLogContext();
                if (format == "json")
                {
                    logs.WriteTo.Console(new RenderedCompactJsonFormatter());
                }
                else
                {
                    logs.WriteTo.Console(outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u4} {Message:l}{NewLine}{Exception}", formatProvider: System.Globalization.CultureInfo.InvariantCulture);
                }
            },
            preserveStaticLogger: true);

        var registry = Metrics.NewCustomRegistry();
        builder.Services.AddSingleton(registry);
        var metrics = Metrics.WithCustomRegistry(registry);
        metrics.CreateGauge("modular_build_info", "Which build runs here; always 1.", ["version", "commit"]).WithLabels(BuildInfo.Version, BuildInfo.Commit).Set(1);
        builder.Services.AddSingleton<IMetricFactory>(metrics);
    }

    /// <summary>The level that <c>LOG_LEVEL</c> and <c>PUT /log-level</c> name.</summary>
    public static LogEventLevel Level(string name) => name switch
    {
        "debug" => LogEventLevel.Debug,
        "warn" => LogEventLevel.Warning,
        "error" => LogEventLevel.Error,
        _ => LogEventLevel.Information,
    };

    /// <summary>The name of a level, as <c>GET /log-level</c> tells it.</summary>
    public static string NameOf(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose or LogEventLevel.Debug => "debug",
        LogEventLevel.Information => "info",
        LogEventLevel.Warning => "warn",
        _ => "error",
    };
}
