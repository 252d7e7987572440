using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Hosting;
using Prometheus;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Modular.BuildingBlocks.Telemetry;

/// <summary>Logs, metrics and traces of one Host. Nothing static: several Hosts may live in one test process.</summary>
public static class TelemetrySetup
{
    /// <summary>What <c>LOG_LEVEL</c> and <c>PUT /log-level</c> take.</summary>
    public static IReadOnlyList<string> Levels { get; } = ["debug", "info", "warn", "error"];

    public static void AddTelemetry(this WebApplicationBuilder builder, Settings settings)
    {
        var level = new LoggingLevelSwitch(Level(settings.Choice("LOG_LEVEL", "info", Levels, "debug, info, warn or error")));
        var format = settings.Choice("LOG_FORMAT", settings.IsDevelopment ? "text" : "json", ["json", "text"], "json (one object a line) or text");
        // Frameworks tell what we tell ourselves, in more words: only their warnings, or less when less is asked for.
        var frameworks = new LoggingLevelSwitch(OfFrameworks(level.MinimumLevel));
        level.MinimumLevelChanged += (_, change) => frameworks.MinimumLevel = OfFrameworks(change.NewLevel);
        builder.Services.AddSingleton(level);
        builder.Services.AddSerilog(
            (_, logs) =>
            {
                logs.MinimumLevel.ControlledBy(level)
                    .MinimumLevel.Override("Microsoft", frameworks)
                    .MinimumLevel.Override("System", frameworks)
                    // The exception handler middleware repeats at Error what Problems already logged, refusals included.
                    .MinimumLevel.Override("Microsoft.AspNetCore.Diagnostics", LogEventLevel.Fatal)
                    .MinimumLevel.Override("Npgsql", frameworks)
                    // Marten tells a failing command with its parameters, which may be secret; the exception itself reaches whoever called.
                    .MinimumLevel.Override("Marten", LogEventLevel.Fatal)
                    // .NET's word on a start that failed, with a stack in any case: who called the start tells it in the words that suit the fault.
                    .Filter.ByExcluding(line => line.MessageTemplate.Text == "Hosting failed to start")
                    .Enrich.FromLogContext()
                    // Built when all settings are read: it knows the secrets of every module.
                    .WriteTo.Console(new Redaction(format == "json" ? new JsonLines() : new TextLines(), settings.Secrets));
            },
            preserveStaticLogger: true);

        builder.AddTraceExport(settings);

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

    private static LogEventLevel OfFrameworks(LogEventLevel level) => level > LogEventLevel.Warning ? level : LogEventLevel.Warning;

    /// <summary>The name of a level, as <c>GET /log-level</c> tells it.</summary>
    public static string NameOf(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose or LogEventLevel.Debug => "debug",
        LogEventLevel.Information => "info",
        LogEventLevel.Warning => "warn",
        _ => "error",
    };
}
