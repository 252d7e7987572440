using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Modular.Fixtures;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;
using Modular.Jobs.Engine;
using Npgsql;

namespace Modular.IntegrationTests.Jobs;

/// <summary>The database is away for long: nobody is taken for dead because of it.</summary>
public sealed class OutageTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_an_outage_longer_than_the_lease_every_replica_renews_before_any_is_declared_dead()
    {
        var gate = JobsFixture.NewName();
        await using var postgres = await PostgresCluster.CreateAsync();
        await using var deployment = await Deployment.CreateAsync(new Dictionary<string, string> { ["JOB_LEASE_SECONDS"] = "2", ["LOG_LEVEL"] = "error" }, postgres: postgres);
        // One without workers has no lease of its own to tell an outage by.
        await using var clerk = await ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["WORKER_CONCURRENCY"] = "0" });
        await using var one = await ModularApp.StartAsync(deployment, modules: [.. Modules.All, new FixturesModule()]);
        await using var two = await ModularApp.StartAsync(deployment, modules: [.. Modules.All, new FixturesModule()]);
        var jobs = new List<Guid>();
        for (var number = 0; number < 8; number++)
            jobs.Add((await one.SubmitAsync("fixtures.act", new { steps = new[] { new { gate } } }, job => job["maxAttempts"] = 1)).Id);
        // A job counts as running from its claim on; its handler must be past its last question to the database before that goes away.
        await Eventually.IsTrueAsync(() => Gates.WaitersAt(gate) == jobs.Count, "every handler waits at the gate");

        await postgres.StopAsync();
        var leases = new[] { one, two }.Select(app => app.Services.GetRequiredService<LeaseKeeper>()).ToArray();
        await Eventually.IsTrueAsync(() => leases.All(lease => lease.SinceRenewal > TimeSpan.FromSeconds(3)), "every lease is over");
        await postgres.StartAsync();
        Gates.Open(gate);

        foreach (var job in jobs)
            (await clerk.WaitForJobAsync(job, "succeeded")).Attempt.ShouldBe(1);
        await using var connection = await deployment.ConnectAsync();
        (await CountAsync(connection, "SELECT count(*) FROM jobs.replica WHERE dead")).ShouldBe(0);
    }

    [Fact]
    public async Task More_bytes_than_may_wait_for_the_database_are_refused_and_the_rest_is_kept()
    {
        await using var postgres = await PostgresCluster.CreateAsync();
        await using var deployment = await Deployment.CreateAsync(new Dictionary<string, string> { ["WORKER_CONCURRENCY"] = "0" }, postgres: postgres);
        await using var app = await ModularApp.StartAsync(deployment);
        await app.SubmitAsync("debug.noop");
        // 9.5 MB each, 64 MiB may wait: up to seven are being written together, and seven wait.
        var job = $$$"""{"type":"debug.noop","payload":{"fill":"{{{new string('x', 250_000)}}}"}}""";
        var body = $$"""{"jobs":[{{string.Join(',', Enumerable.Repeat(job, 38))}}]}""";
        postgres.Freeze();
        var calls = Enumerable.Range(0, 20).Select(_ => PostAsync()).ToList();
        await Eventually.IsTrueAsync(() => calls.Count(call => call.IsCompleted) >= 6, "what is too much is refused at once");
        foreach (var refused in calls.Where(call => call.IsCompleted))
            (await refused).ShouldBe((HttpStatusCode.ServiceUnavailable, "2"));
        postgres.Thaw();

        var kept = (await Task.WhenAll(calls)).Count(answer => answer.Status is HttpStatusCode.Created);
        kept.ShouldBeInRange(8, 14);
        await using var connection = await deployment.ConnectAsync();
        (await CountAsync(connection, "SELECT count(*) FROM jobs.entry")).ShouldBe(1 + (38 * kept));

        async Task<(HttpStatusCode Status, string? RetryAfter)> PostAsync()
        {
            using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            using var response = await app.Client.PostAsync("jobs/batch", content, CancellationToken);
            return (response.StatusCode, response.Headers.RetryAfter?.ToString());
        }
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(CancellationToken))!;
    }
}
