using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;
using static Modular.IntegrationTests.Edge.EdgeClient;

namespace Modular.IntegrationTests.Edge;

public sealed class ConnectionPoolTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_exhausted_pool_is_a_503_within_seconds_and_over_when_it_is_over()
    {
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string> { ["DB_MAX_CONNECTIONS"] = "3", ["WORKER_CONCURRENCY"] = "0", ["ADMIN_API_KEY"] = AdminKey });
        app.Client.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
        await app.PutObjectAsync("a", "bytes"u8.ToArray());
        var pool = app.Services.GetRequiredService<NpgsqlDataSource>();
        var held = new List<NpgsqlConnection>();
        try
        {
            while (held.Count < 3)
                held.Add(await pool.OpenConnectionAsync(CancellationToken));

            var clock = Stopwatch.StartNew();
            (string Method, string Path, HttpContent? Body)[] requests =
            [
                ("GET", "jobs", null), ("GET", $"jobs/{Guid.NewGuid()}", null), ("POST", "jobs", Json("""{"type":"debug.noop","payload":{}}""")), ("GET", "queues", null),
                ("GET", "objects", null), ("GET", "objects/a", null), ("PUT", "objects/b", new StringContent("bytes")), ("DELETE", "objects/c", null),
                ("POST", "objects/uploads", Json(new { key = "d", size = 1 })), ("GET", "audit", null), ("GET", "api-keys", null),
                ("POST", "api-keys", Json(new { name = "n", scopes = new[] { "ops" } })),
            ];
            await Task.WhenAll(requests.Select(async request =>
            {
                using var answer = await app.SendAsync(new HttpMethod(request.Method), request.Path, request.Body);
                await answer.ProblemAsync(HttpStatusCode.ServiceUnavailable);
                int.Parse(answer.Header("Retry-After")!).ShouldBeInRange(1, 10, $"{request.Method} {request.Path}");
                clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10), $"{request.Method} {request.Path}");
            }));
            using var live = await app.SendAsync(HttpMethod.Get, "health/live");
            live.StatusCode.ShouldBe(HttpStatusCode.OK);
        }
        finally
        {
            foreach (var connection in held)
                await connection.DisposeAsync();
        }

        await Eventually.IsTrueAsync(
            async () =>
            {
                using var answer = await app.SendAsync(HttpMethod.Get, "jobs");
                return answer.StatusCode == HttpStatusCode.OK;
            },
            "the pool serves again");
    }

    [Fact]
    public async Task The_metrics_know_the_pool_and_not_where_it_leads()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var host = await HostProcess.StartAsync(deployment, new Dictionary<string, string> { ["DB_MAX_CONNECTIONS"] = "7", ["DB_MIN_CONNECTIONS"] = "2" });
        var text = await host.Client.GetStringAsync("metrics", CancellationToken);
        text.ShouldContain("\nmodular_db_pool_max_connections 7\n");
        text.ShouldContain("\nmodular_db_pool_connections{state=\"busy\"} ");
        text.ShouldContain("\nmodular_db_pool_connections{state=\"idle\"} ");
        var connection = new NpgsqlConnectionStringBuilder(deployment.ConnectionString);
        text.ShouldNotContain(connection.Password!);
        text.ShouldNotContain(connection.Database!);
        text.ShouldNotContain("127.0.0.1");
    }

    [Fact]
    public async Task A_database_that_comes_up_late_is_waited_for()
    {
        await using var postgres = await PostgresCluster.CreateAsync();
        await using var deployment = await Deployment.CreateAsync(postgres: postgres);
        await postgres.StopAsync();
        await using var host = await HostProcess.LaunchAsync(deployment, new Dictionary<string, string> { ["LOG_FORMAT"] = "json", ["LOG_LEVEL"] = "info" });
        await Eventually.IsTrueAsync(() => host.Output.Count(line => line.Contains("does not answer yet")) >= 2, "it says that it waits, again and again", TimeSpan.FromSeconds(30));
        host.HasExited.ShouldBeFalse();

        await postgres.StartAsync();
        await host.WaitUntilReadyAsync();
        LogLines.Parse(host).ShouldAllBe(line => line.Text("@l") != "Error" && line.Text("@l") != "Fatal");
        (await host.TerminateAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task The_wait_has_an_end()
    {
        var time = new FakeTimeProvider();
        await using var deployment = await Deployment.CreateAsync();
        var began = time.GetUtcNow();
        var start = ModularApp.StartAsync(
            deployment, new Dictionary<string, string> { ["DATABASE_URL"] = $"Host=127.0.0.1;Port={Loopback.FreePort()};Username=u;Database=d" }, [.. Modules.All, new ClockModule(time)]);
        await Eventually.EndsAsync(start, time, "the start gives up");
        await Should.ThrowAsync<NpgsqlException>(start);
        (time.GetUtcNow() - began).ShouldBeInRange(TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5));
    }
}
