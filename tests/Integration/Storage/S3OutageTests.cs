using System.Net;
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
}
