using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Modular.IntegrationTests.Infrastructure;

internal static class Loopback
{
    // Below the range from which Linux serves outgoing connections: those would take a port while its server restarts.
    private const int First = 15_000, Last = 32_000;

    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>A port that is free and is given only once in this process; another one may still take it, so be ready to find it taken.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, Last);
            if (!Given.TryAdd(port, value: true))
                continue;
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: try another.
            }
        }
    }

    public static string PostgresConnectionString(int port, string user, string password) =>
        new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = user, Password = password, Database = "postgres" }.ConnectionString;
}
