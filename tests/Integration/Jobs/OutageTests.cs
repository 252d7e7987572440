using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Modular.Fixtures;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;
using Modular.Jobs.Engine;
using Npgsql;

namespace Modular.IntegrationTests.Jobs;

/// <summary>The database crashes or is away for long: nothing accepted is lost, and nobody is taken for dead because of it.</summary>
public sealed class OutageTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_database_that_crashes_under_load_loses_no_accepted_job_and_no_replica_is_declared_dead_for_it()
    {
        await using var postgres = await PostgresCluster.CreateAsync(durable: true);
        await using var deployment = await Deployment.CreateAsync(new Dictionary<string, string> { ["JOB_LEASE_SECONDS"] = "2", ["LOG_LEVEL"] = "error" }, postgres: postgres);
        await using var one = await ModularApp.StartAsync(deployment);
        await using var two = await ModularApp.StartAsync(deployment);
        var accepted = new ConcurrentBag<Guid>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var load = new[] { one, two }.SelectMany(app => Enumerable.Repeat(app, 4)).Select(app => SubmitUntilAsync(app, accepted, stop.Token)).ToArray();
        await Eventually.IsTrueAsync(() => accepted.Count > 100, "the load runs");

        await postgres.RestartImmediateAsync();
        var before = accepted.Count;
        await Eventually.IsTrueAsync(() => accepted.Count > before + 100, "jobs are accepted again", TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await Task.WhenAll(load);

        // A submission whose answer was lost may have committed; each that was answered must have ended well.
        await using var connection = await deployment.ConnectAsync();
        await Eventually.IsTrueAsync(async () => await CountAsync(connection, "SELECT count(*) FROM jobs.entry") == 0, "nothing waits or runs any more", TimeSpan.FromSeconds(60));
        await using var command = new NpgsqlCommand("SELECT count(*) FROM jobs.mt_doc_outcome WHERE state = 3 AND id = ANY ($1)", connection) { Parameters = { new() { Value = accepted.ToArray() } } };
        (await command.ExecuteScalarAsync(CancellationToken)).ShouldBe((long)accepted.Count);
        (await CountAsync(connection, "SELECT count(*) FROM jobs.replica WHERE dead")).ShouldBe(0);
        (await CountAsync(connection, "SELECT count(*) FROM jobs.mt_doc_submission s WHERE NOT EXISTS (SELECT FROM jobs.mt_doc_outcome o WHERE o.id = s.id)")).ShouldBe(0);
    }

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

    private static async Task SubmitUntilAsync(ModularApp app, ConcurrentBag<Guid> accepted, CancellationToken stop)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!stop.IsCancellationRequested)
        {
            try
            {
                accepted.Add((await app.SubmitAsync("debug.sleep", new { milliseconds = 5 }, job => job["backoff"] = new JsonObject { ["kind"] = "fixed", ["baseSeconds"] = 1 })).Id);
                await pause.WaitForNextTickAsync(CancellationToken);
            }
            catch (HttpRequestException refused) when (refused.StatusCode is HttpStatusCode.ServiceUnavailable)
            {
                // The database is away; a client tries again.
            }
        }
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(CancellationToken))!;
    }
}
