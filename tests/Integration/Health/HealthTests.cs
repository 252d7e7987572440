using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Hosting;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Ops.GuardedHost;

namespace Modular.IntegrationTests.Health;

/// <summary>What a supervisor, a load balancer and an operator are told.</summary>
public sealed class HealthTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stranger_learns_status_version_and_uptime_and_an_operator_the_parts_too()
    {
        await using var app = await ModularApp.StartAsync(Settings);
        using var client = CreateClient(app);

        var stranger = await HealthyAsync(client, key: null);
        stranger.EnumerateObject().Select(member => member.Name).ShouldBe(["status", "version", "uptimeSeconds"]);
        stranger.GetProperty("status").GetString().ShouldBe("healthy");
        stranger.GetProperty("version").GetString().ShouldBe(BuildInfo.Version);
        stranger.GetProperty("uptimeSeconds").GetDouble().ShouldBeGreaterThan(0);

        var database = (await HealthyAsync(client, AdminKey)).GetProperty("services").GetProperty("database");
        database.GetProperty("status").GetString().ShouldBe("healthy");
        database.GetProperty("latencyMs").GetDouble().ShouldBeInRange(0, 1000);
        database.GetProperty("detail").ValueKind.ShouldBe(JsonValueKind.Null);

        // A wrong key on a route that needs none is no reason to refuse the answer.
        (await HealthyAsync(client, "mk_wrong")).TryGetProperty("services", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task Parts_in_trouble_that_are_not_critical_degrade_the_whole_and_none_holds_it_up()
    {
        await using var app = await ModularApp.StartAsync(modules: [.. Modules.All, new OddProbesModule()]);
        using var client = CreateClient(app);

        await Eventually.PassesAsync(async () =>
        {
            var clock = Stopwatch.StartNew();
            var health = await HealthAsync(client, key: null, HttpStatusCode.OK);
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10), "One probe never answers.");
            health.GetProperty("status").GetString().ShouldBe("degraded");
            var services = health.GetProperty("services");
            Status(services, "silent").ShouldBe("unhealthy");
            Status(services, "broken").ShouldBe("unhealthy");
            Status(services, "slow").ShouldBe("degraded");
            Status(services, "off").ShouldBe("disabled");
            Status(services, "database").ShouldBe("healthy");
            services.GetProperty("slow").GetProperty("detail").GetString().ShouldBe("answers late");
            services.GetProperty("slow").GetProperty("queued").GetInt32().ShouldBe(7, "A part's numbers stand beside its status.");
            health.GetRawText().ShouldNotContain("secret");
            (await StatusAsync(client, "health/ready")).ShouldBe(HttpStatusCode.OK);
        });
    }

    [Fact]
    public async Task A_critical_part_that_is_down_makes_it_unhealthy_and_not_ready_but_alive()
    {
        await using var app = await ModularApp.StartAsync(modules: [.. Modules.All, new OddProbesModule(isCritical: true)]);
        using var client = CreateClient(app);

        (await HealthAsync(client, key: null, HttpStatusCode.ServiceUnavailable)).GetProperty("status").GetString().ShouldBe("unhealthy");
        using var ready = await client.GetAsync("health/ready", CancellationToken);
        (await DetailAsync(ready, HttpStatusCode.ServiceUnavailable)).ShouldContain("a critical part is down");
        ready.Headers.RetryAfter.ShouldNotBeNull();
        (await StatusAsync(client, "health/live")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_database_that_is_away_is_named_and_remembered_and_comes_back_without_a_restart(bool hangs)
    {
        await using var postgres = await PostgresCluster.CreateAsync();
        await using var deployment = await Deployment.CreateAsync(Settings, postgres: postgres);
        await using var app = await ModularApp.StartAsync(deployment, Settings);
        using var client = CreateClient(app);
        await HealthyAsync(client, AdminKey);
        var before = DateTimeOffset.UtcNow;

        if (hangs)
            postgres.Freeze();
        else
            await postgres.StopAsync();

        await Eventually.PassesAsync(async () =>
        {
            var clock = Stopwatch.StartNew();
            var health = await HealthAsync(client, AdminKey, HttpStatusCode.ServiceUnavailable);
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(2));
            health.GetProperty("status").GetString().ShouldBe("unhealthy");
            Status(health.GetProperty("services"), "database").ShouldBe("unhealthy");
        });
        // With a key that only the database knows, liveness must not ask for it.
        (await StatusAsync(client, "health/live", "mk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(client, "health/ready")).ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await StatusAsync(client, "audit", "mk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")).ShouldBe(HttpStatusCode.ServiceUnavailable);
        var during = DateTimeOffset.UtcNow;

        if (hangs)
            postgres.Thaw();
        else
            await postgres.StartAsync();

        await Eventually.IsTrueAsync(async () => await StatusAsync(client, "health/ready") is HttpStatusCode.OK, "it is ready again", TimeSpan.FromSeconds(30));
        var history = await Eventually.ReadAsync(
            async () =>
            {
                using var response = await SendAsync(client, HttpMethod.Get, "health/history");
                var items = (await JsonAsync(response, HttpStatusCode.OK)).GetProperty("items").EnumerateArray();
                return items.Where(item => item.GetProperty("part").GetString() == "database").ToArray();
            },
            items => items.Length >= 2 && Transition(items[0]) == ("unhealthy", "healthy"),
            "both transitions are stored",
            TimeSpan.FromSeconds(30));
        var fall = history.Last(item => item.GetProperty("at").GetDateTimeOffset() >= before);
        Transition(fall).ShouldBe(("healthy", "unhealthy"));
        fall.GetProperty("at").GetDateTimeOffset().ShouldBeLessThan(during.AddSeconds(1), "Stored later, with its own time.");
        fall.GetProperty("replica").GetString().ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task An_object_store_that_is_away_is_named_in_time_and_comes_back_without_a_restart()
    {
        await using var store = await LocalObjectStore.CreateAsync();
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string>(Settings)
        {
            ["STORAGE_PROVIDER"] = "s3", ["S3_ENDPOINT"] = store.Endpoint.GetLeftPart(UriPartial.Authority), ["S3_ACCESS_KEY"] = store.AccessKey, ["S3_SECRET_KEY"] = store.SecretKey,
        });
        using var client = CreateClient(app);
        await TellAsync("healthy", HttpStatusCode.OK, "healthy");

        store.Freeze();
        await TellAsync("frozen", HttpStatusCode.ServiceUnavailable, "unhealthy");
        (await StatusAsync(client, "health/live")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(client, "health/ready")).ShouldBe(HttpStatusCode.ServiceUnavailable);
        store.Thaw();
        await TellAsync("thawed", HttpStatusCode.OK, "healthy");
        await store.StopAsync();
        await TellAsync("stopped", HttpStatusCode.ServiceUnavailable, "unhealthy");
        await store.StartAsync();
        await TellAsync("started", HttpStatusCode.OK, "healthy");

        async Task TellAsync(string state, HttpStatusCode expected, string storage)
        {
            var since = Stopwatch.StartNew();
            await Eventually.PassesAsync(
                async () =>
                {
                    var clock = Stopwatch.StartNew();
                    using var response = await SendAsync(client, HttpMethod.Get, "health");
                    var took = clock.Elapsed;
                    var body = await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
                    response.StatusCode.ShouldBe(expected);
                    Status(body.GetProperty("services"), "storage").ShouldBe(storage);
                    took.ShouldBeLessThan(TimeSpan.FromSeconds(2));
                    TestContext.Current.TestOutputHelper!.WriteLine(
                        $"object store {state}: GET /health {(int)response.StatusCode} in {took.TotalMilliseconds:0.0} ms, {since.Elapsed.TotalSeconds:0.0} s after; storage: {body.GetProperty("services").GetProperty("storage").GetRawText()}");
                },
                TimeSpan.FromSeconds(30));
        }
    }

    [Fact]
    public async Task A_replica_that_drains_is_alive_and_not_ready()
    {
        await using var app = await ModularApp.StartAsync();
        using var client = CreateClient(app);
        await HealthyAsync(client, key: null);

        app.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        using var ready = await client.GetAsync("health/ready", CancellationToken);
        (await DetailAsync(ready, HttpStatusCode.ServiceUnavailable)).ShouldContain("stopping");
        (await StatusAsync(client, "health/live")).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>On a machine that is short of breath a probe may be late once: what counts is that it says healthy.</summary>
    private static Task<JsonElement> HealthyAsync(HttpClient client, string? key) =>
        Eventually.ReadAsync(() => HealthAsync(client, key, HttpStatusCode.OK), health => health.GetProperty("status").GetString() == "healthy", "healthy");

    private static async Task<JsonElement> HealthAsync(HttpClient client, string? key, HttpStatusCode expected)
    {
        using var response = await SendAsync(client, HttpMethod.Get, "health", key);
        return await JsonAsync(response, expected);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path, string? key = null)
    {
        using var response = await SendAsync(client, HttpMethod.Get, path, key);
        return response.StatusCode;
    }

    private static string? Status(JsonElement services, string part) => services.GetProperty(part).GetProperty("status").GetString();

    private static (string?, string?) Transition(JsonElement item) => (item.GetProperty("from").GetString(), item.GetProperty("to").GetString());
}
