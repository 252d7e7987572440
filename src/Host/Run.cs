using Modular.BuildingBlocks.Persistence;

namespace Modular.Host;

/// <summary>Runs the Host until a signal, and turns how it ended into an exit code.</summary>
internal static partial class Run
{
    /// <summary>0: it was asked to stop. 1: it could not start or broke; a restart may mend it.</summary>
    /// <exception cref="SchemaException">The schema does not fit this version, which no restart mends.</exception>
    public static async Task<int> UntilStoppedAsync(WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Modular.Host");
        try
        {
            // Not RunAsync: it disposes the Host, and with it the log, before the fault below is told.
            await app.StartAsync();
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The signal came while it was still starting, or the time to stop was over.
            return 0;
        }
        catch (Exception problem) when (problem is not SchemaException)
        {
            Broke(logger, problem, app.Lifetime.ApplicationStarted.IsCancellationRequested ? "broke" : "could not start");
            return 1;
        }
    }

    [LoggerMessage(50, LogLevel.Critical, "Modular {What}; the process ends")]
    private static partial void Broke(ILogger logger, Exception problem, string what);
}
