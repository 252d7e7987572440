using System.Runtime.Versioning;
using Modular.IntegrationTests.Infrastructure;

[assembly: AssemblyFixture(typeof(TestServers))]
[assembly: UnsupportedOSPlatform("windows")]

namespace Modular.IntegrationTests.Infrastructure;

/// <summary>The servers that all tests share: one of each per run, started by the first test that asks.</summary>
public sealed class TestServers : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresServer>> SharedPostgres = new(PostgresServer.FindOrStartAsync);

    private static readonly Lazy<Task<ObjectStoreServer>> SharedObjectStore = new(ObjectStoreServer.FindOrStartAsync);

    public async ValueTask DisposeAsync()
    {
        await DisposeAsync(SharedObjectStore);
        await DisposeAsync(SharedPostgres);
        await Scratch.RemoveAsync();
    }

    internal static Task<PostgresServer> PostgresAsync() => SharedPostgres.Value;

    internal static Task<ObjectStoreServer> ObjectStoreAsync() => SharedObjectStore.Value;

    private static async Task DisposeAsync<T>(Lazy<Task<T>> server)
        where T : IAsyncDisposable
    {
        // One that did not start has already failed every test that asked for it.
        if (server.IsValueCreated && server.Value.IsCompletedSuccessfully)
            await (await server.Value).DisposeAsync();
    }
}
