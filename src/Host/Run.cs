using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Persistence;

namespace Modular.Host;

/// <summary>Runs the Host until a signal, or only migrates, and turns how it ended into an exit code.</summary>
internal static partial class Run
{
    /// <summary>0: it was asked to stop. 1: it could not start or broke; a restart may mend it.</summary>
    /// <exception cref="SchemaException">The schema does not fit this version, which no restart mends.</exception>
    /// <exception cref="SettingsException">A setting turned out wrong when it was used, such as another deployment's store; no restart mends that either.</exception>
    public static async Task<int> UntilStoppedAsync(WebApplication app)
    {
        var logger = Logger(app);
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
        catch (Exception problem) when (problem is not (SchemaException or SettingsException))
        {
            Broke(logger, problem, app.Lifetime.ApplicationStarted.IsCancellationRequested ? "broke" : "could not start");
            return 1;
        }
    }

    /// <summary>0: the schema is up to date. 1: the database cannot be reached, or a script failed; each is a transaction, so it can be tried again.</summary>
    /// <exception cref="SchemaException">The schema was contracted by a newer version.</exception>
    public static async Task<int> MigrateAsync(WebApplication app)
    {
        var logger = Logger(app);
        try
        {
            await app.Services.GetRequiredService<DatabaseWait>().UntilItAnswersAsync(CancellationToken.None);
            await app.Services.GetRequiredService<Migrations>().ApplyAsync(CancellationToken.None);
            return 0;
        }
        catch (Exception problem) when (DatabaseWait.IsUnreachable(problem))
        {
            Unreachable(logger, problem.Message);
            return 1;
        }
        catch (Exception problem) when (problem is not SchemaException)
        {
            Broke(logger, problem, "could not migrate");
            return 1;
        }
    }

    private static ILogger Logger(WebApplication app) => app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Modular.Host");

    [LoggerMessage(50, LogLevel.Critical, "Modular {What}; the process ends")]
    private static partial void Broke(ILogger logger, Exception problem, string what);

    [LoggerMessage(51, LogLevel.Critical, "Modular could not migrate: the database cannot be reached ({Reason}); the process ends")]
    private static partial void Unreachable(ILogger logger, string reason);
}
