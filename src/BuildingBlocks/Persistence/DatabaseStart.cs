using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Modular.BuildingBlocks.Persistence;

/// <summary>Before anything else starts: waits for a database that comes up late (with a deadline), then migrates or verifies.</summary>
internal sealed partial class DatabaseStart(NpgsqlDataSource database, Migrations migrations, DatabaseOptions options, TimeProvider time, ILogger<DatabaseStart> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await WaitAsync(cancellationToken);
        if (options.AutoMigrate)
        {
            await migrations.ApplyAsync(cancellationToken);
        }
        else
        {
            await migrations.VerifyAsync(cancellationToken);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    internal async Task WaitAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(cancellationToken);
                return;
            }
            catch (Exception problem) when (IsComingUp(problem) && time.GetElapsedTime(started) < Patience)
            {
                Waiting(logger, problem.Message, (int)time.GetElapsedTime(started).TotalSeconds);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    // Refused, unreachable, timed out, "starting up" (57P03), "shutting down" (57P01), a name that the network does not know yet: it may come.
    // A wrong password or a missing database will not mend itself.
    private static bool IsComingUp(Exception problem) =>
        problem is SocketException or NpgsqlException and not PostgresException ||
        problem is PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.TooManyConnections };

    [LoggerMessage(31, LogLevel.Warning, "The database does not answer yet ({Reason}); waiting, {Seconds} s so far")]
    private static partial void Waiting(ILogger logger, string reason, int seconds);
}
