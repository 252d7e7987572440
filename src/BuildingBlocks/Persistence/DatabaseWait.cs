using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Modular.BuildingBlocks.Persistence;

/// <summary>Waits for a database that comes up late, with a deadline.</summary>
public sealed partial class DatabaseWait(NpgsqlDataSource database, TimeProvider time, ILogger<DatabaseWait> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Returns when a connection opens; throws what opening one threw when it is hopeless, or has failed for two minutes.</summary>
    public async Task UntilItAnswersAsync(CancellationToken cancellationToken)
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

    /// <summary>The database is away or lets nobody in: nothing of this program is at fault, and the message says all there is to say.</summary>
    public static bool IsUnreachable(Exception problem) =>
        IsComingUp(problem) ||
        problem is PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InvalidCatalogName };

    // Refused, unreachable, timed out, "starting up" (57P03), "shutting down" (57P01), a name that the network does not know yet: it may come.
    // A wrong password or a missing database will not mend itself.
    private static bool IsComingUp(Exception problem) =>
        problem is SocketException or NpgsqlException and not PostgresException ||
        problem is PostgresException { SqlState: PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.TooManyConnections };

    [LoggerMessage(31, LogLevel.Warning, "The database does not answer yet ({Reason}); waiting, {Seconds} s so far")]
    private static partial void Waiting(ILogger logger, string reason, int seconds);
}
