using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Hosting;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

/// <summary>An S3 server that is there, goes away and comes back, as seen through a door that the test opens and shuts.</summary>
public sealed class S3OutageTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_S3_is_away_requests_are_503_and_afterwards_all_is_as_before()
    {
        await using var deployment = await Deployment.CreateAsync(store: StoreKind.S3);
        await using var door = new Door(new Uri(deployment.Settings["S3_ENDPOINT"]).Port);
        await using var app = await ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["S3_ENDPOINT"] = $"http://127.0.0.1:{door.Port}" });
        var probe = app.Services.GetServices<IHealthProbe>().Single(part => part.Name == "storage");
        await app.PutObjectAsync("kept", "kept"u8.ToArray());

        door.Shut();
        using var put = await app.Client.PutAsync("objects/lost", Body("x"), CancellationToken);
        await JsonAsync(put, HttpStatusCode.ServiceUnavailable);
        using var get = await app.Client.GetAsync("objects/kept", CancellationToken);
        await JsonAsync(get, HttpStatusCode.ServiceUnavailable);
        (await probe.CheckAsync(CancellationToken)).Status.ShouldBe(HealthStatus.Unhealthy);

        door.Open();
        (await probe.CheckAsync(CancellationToken)).Status.ShouldBe(HealthStatus.Healthy);
        (await app.GetObjectAsync("kept")).ShouldBe("kept"u8.ToArray());
        (await app.Client.GetAsync("objects/lost", CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    /// <summary>Passes connections on to a port of this machine.</summary>
    private sealed class Door : IAsyncDisposable
    {
        private readonly int _target;
        private readonly CancellationTokenSource _end = new();
        private readonly Lock _lock = new();
        private readonly List<TcpClient> _clients = [];
        private TcpListener _listener = new(IPAddress.Loopback, 0);

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
}
