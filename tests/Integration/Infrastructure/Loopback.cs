using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Modular.IntegrationTests.Infrastructure;

internal static class Loopback
{
    /// <summary>A port that was free a moment ago; whoever takes it must be ready to find it taken.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static string PostgresConnectionString(int port, string user, string password) =>
        new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = user, Password = password, Database = "postgres" }.ConnectionString;
}
