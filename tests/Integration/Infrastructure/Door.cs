using System.Net;
using System.Net.Sockets;

namespace Modular.IntegrationTests.Infrastructure;

/// <summary>Passes connections on to a port of this machine, until it is shut: a server that goes away and comes back.</summary>
internal sealed class Door : IAsyncDisposable
{
    private readonly int _target;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private readonly List<TcpClient> _clients = [];
    private TcpListener _listener = new(IPAddress.Loopback, Loopback.FreePort());

    public Door(int target)
    {
        _target = target;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync(_listener);
    }

    public int Port { get; }

    public void Open()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _ = AcceptAsync(_listener);
    }

    public void Shut()
    {
        _listener.Dispose();
        lock (_lock)
        {
            _clients.ForEach(client => client.Dispose());
            _clients.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Shut();
        _end.Dispose();
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
                _ = PassAsync(await listener.AcceptTcpClientAsync(_end.Token));
        }
        catch (Exception problem) when (problem is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Shut.
        }
    }

    private async Task PassAsync(TcpClient inner)
    {
        var outer = new TcpClient();
        lock (_lock)
            _clients.AddRange([inner, outer]);
        try
        {
            await outer.ConnectAsync(IPAddress.Loopback, _target, _end.Token);
            await Task.WhenAny(
                inner.GetStream().CopyToAsync(outer.GetStream(), _end.Token),
                outer.GetStream().CopyToAsync(inner.GetStream(), _end.Token));
        }
        catch (Exception problem) when (problem is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // Either side may leave at any time.
        }
        finally
        {
            inner.Dispose();
            outer.Dispose();
        }
    }
}
