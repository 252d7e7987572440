using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Modular.Fixtures;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;
using Modular.Jobs.Engine;
using Npgsql;

namespace Modular.IntegrationTests.Jobs;

/// <summary>Who lost a job writes nothing more of it, however late it notices; and nothing is lost or done twice.</summary>
public sealed class LeaseTests
{
    private static readonly Dictionary<string, string> ShortLease = new() { ["JOB_LEASE_SECONDS"] = "1" };

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_frozen_replica_that_thaws_past_its_lease_changes_nothing_and_works_again()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var frozen = await HostProcess.StartAsync(deployment, new Dictionary<string, string>(ShortLease) { ["WORKER_CONCURRENCY"] = "1" });
        // Short jobs make it claim ahead, so that it also holds jobs which it has not begun.
        foreach (var job in await SubmitAsync(frozen, 100, new { type = "debug.noop", payload = new { } }))
            await frozen.WaitForJobAsync(job, "succeeded");
        var held = await SubmitAsync(frozen, 4, new { type = "debug.sleep", payload = new { milliseconds = 1000, steps = 2 }, backoff = new { kind = "fixed", baseSeconds = 1 } });
        await frozen.WaitForJobAsync(held[0], "running");
        await using var other = await ModularApp.StartAsync(deployment, ShortLease);

        frozen.Freeze();
        foreach (var job in held)
            await other.WaitForJobAsync(job, "succeeded");
        var before = await Task.WhenAll(held.Select(job => EventsAsync(other, job)));
        frozen.Thaw();

        // It comes back under a new lease, with all its slots.
        await Eventually.IsTrueAsync(async () => (await other.GetAsync<JsonElement>("workers")).GetProperty("items").GetArrayLength() == 2, "both replicas are listed", TimeSpan.FromSeconds(20));
        await other.StopAsync();
        foreach (var job in await SubmitAsync(frozen, 20, new { type = "debug.noop", payload = new { } }))
            await frozen.WaitForJobAsync(job, "succeeded");
        (await Task.WhenAll(held.Select(job => EventsAsync(frozen, job)))).ShouldBe(before);
        foreach (var job in held)
            (await frozen.GetJobAsync(job)).Attempts[^1].Outcome.ShouldBe("succeeded");
    }

    [Fact]
    public async Task An_attempt_whose_lease_moved_on_can_write_no_line_checkpoint_artifact_or_outcome()
    {
        var gate = JobsFixture.NewName();
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string>(ShortLease) { ["WORKER_CONCURRENCY"] = "8" }, modules: [.. Modules.All, new FixturesModule()]);
        var writes = new object[] { new { log = "stale" }, new { checkpoint = "stale" }, new { artifact = "stale.txt", message = "stale" }, new { @object = "stale/object", message = "stale" } };
        var jobs = await Task.WhenAll(writes.Append(new { progress = 50 }).Select(write => app.SubmitAsync(
            "fixtures.act", new { steps = new[] { new { gate }, write }, result = "stale" }, job => job["maxAttempts"] = 1)));
        foreach (var job in jobs)
            await app.WaitForJobAsync(job.Id, "running");

        // As after a rescue by another replica, which now runs them; it never ends them, so nothing else writes.
        await using var connection = await app.Deployment.ConnectAsync();
        await connection.ExecuteAsync("INSERT INTO jobs.replica (name, version, capacity, expires_at) VALUES ('other', '1', 1, now() + interval '1 hour')");
        await connection.ExecuteAsync("UPDATE jobs.entry SET lease = lease + 1, worker = (SELECT id FROM jobs.replica WHERE name = 'other')");
        await Eventually.IsTrueAsync(() => Gates.WaitersAt(gate) == jobs.Length, "all handlers run");
        Gates.Open(gate);
        // Not by GET /health, whose answer may be older than the handlers.
        await Eventually.IsTrueAsync(() => app.Services.GetRequiredService<Claimer>().Active == 0, "all handlers have ended");

        await ShouldBeZeroAsync(connection, "SELECT count(*) FROM jobs.event");
        await ShouldBeZeroAsync(connection, "SELECT count(*) FROM jobs.checkpoint");
        await ShouldBeZeroAsync(connection, "SELECT count(*) FROM jobs.artifact");
        await ShouldBeZeroAsync(connection, "SELECT count(*) FROM storage.mt_doc_object");
        await ShouldBeZeroAsync(connection, "SELECT count(*) FROM jobs.mt_doc_outcome");
        await ShouldBeZeroAsync(connection, "SELECT count(*) FROM jobs.entry WHERE state <> 2 OR progress IS NOT NULL OR event_seq <> 2");
    }

    [Fact]
    public async Task A_job_that_a_replica_holds_without_knowing_goes_back_and_runs()
    {
        await using var app = await ModularApp.StartAsync(ShortLease, modules: [.. Modules.All, new FixturesModule()]);
        await using var connection = await app.Deployment.ConnectAsync();
        using (await app.Client.PostAsync("queues/held/pause", content: null, CancellationToken))
        {
        }

        var job = await app.SubmitAsync("fixtures.act", new { steps = Array.Empty<object>() }, with => (with["queue"], with["maxAttempts"]) = ("held", 1));
        // A claim that committed and whose answer never came.
        await connection.ExecuteAsync(
            "UPDATE jobs.entry SET state = 2, lease = lease + 1, attempt = 1, started_at = now(), event_seq = 2, start_seq = 2, worker = (SELECT max(id) FROM jobs.replica)");
        using (await app.Client.PostAsync("queues/held/resume", content: null, CancellationToken))
        {
        }

        var done = await app.WaitForJobAsync(job.Id, "succeeded");

        Gates.RunsOf(job.Id).ShouldBe(1);
        done.Attempt.ShouldBe(1);
        var events = await app.ReadEventsAsync(job.Id, 0, CancellationToken).ToListAsync(CancellationToken);
        events.Select(item => item.Id).ShouldBe([1, 2, 3, 4, 5, 6]);
    }

    [Fact]
    public async Task Two_replicas_run_five_hundred_jobs_each_exactly_once()
    {
        var gate = JobsFixture.NewName();
        await using var deployment = await Deployment.CreateAsync(new Dictionary<string, string> { ["WORKER_CONCURRENCY"] = "8" });
        await using var one = await ModularApp.StartAsync(deployment, modules: [.. Modules.All, new FixturesModule()]);
        await using var two = await ModularApp.StartAsync(deployment, modules: [.. Modules.All, new FixturesModule()]);

        var halves = await Task.WhenAll(new[] { one, two }.Select(app => SubmitAsync(app, 250, new { type = "fixtures.act", payload = new { steps = new object[] { new { gate }, new { log = "ran" } } } })));

        var jobs = halves.SelectMany(half => half).ToArray();
        // Nobody takes more than its eight before one has ended: so both have some.
        await Eventually.IsTrueAsync(() => Gates.WaitersAt(gate) == 16, "all workers of both hold a job");
        Gates.Open(gate);
        await Eventually.IsTrueAsync(async () => await FinishedAsync(deployment) == jobs.Length, "all have ended", TimeSpan.FromSeconds(60));
        jobs.Select(Gates.RunsOf).ShouldAllBe(runs => runs == 1);
        var workers = new HashSet<string>();
        foreach (var page in await Task.WhenAll(jobs.Chunk(50).Select(chunk => Task.WhenAll(chunk.Select(two.GetJobAsync)))))
        {
            page.ShouldAllBe(job => job.State == "succeeded" && job.Attempts.Count == 1);
            workers.UnionWith(page.Select(job => job.Attempts[0].Worker!));
        }

        workers.Count.ShouldBe(2, "both have worked");
    }

    [Fact]
    public async Task A_limit_holds_across_replicas()
    {
        var gate = JobsFixture.NewName();
        await using var deployment = await Deployment.CreateAsync();
        await using var one = await ModularApp.StartAsync(deployment, modules: [.. Modules.All, new FixturesModule()]);
        await using var two = await ModularApp.StartAsync(deployment, modules: [.. Modules.All, new FixturesModule()]);
        using (await one.Client.PutAsync("queues/default", System.Net.Http.Json.JsonContent.Create(new { concurrency = 3 }), CancellationToken))
        {
        }

        var jobs = await SubmitAsync(one, 12, new { type = "fixtures.act", payload = new { steps = new[] { new { gate } } } });
        await Eventually.IsTrueAsync(async () => await RunningAsync() == 3, "three run");
        // Both replicas look again when something is submitted.
        await SubmitAsync(two, 5, new { type = "debug.noop", payload = new { }, priority = -100 });

        (await RunningAsync()).ShouldBe(3);
        Gates.Open(gate);
        foreach (var job in jobs)
            await two.WaitForJobAsync(job, "succeeded");

        async Task<long> RunningAsync() => (await one.GetAsync<JsonElement>("queues/default")).GetProperty("running").GetInt64();
    }

    private static async Task<Guid[]> SubmitAsync(RunningModular app, int count, object job)
    {
        using var response = await app.Client.PostAsync("jobs/batch", System.Net.Http.Json.JsonContent.Create(new { jobs = Enumerable.Repeat(job, count) }), CancellationToken);
        var answer = await JobsFixture.JsonAsync(response, System.Net.HttpStatusCode.Created);
        return [.. answer.GetProperty("ids").EnumerateArray().Select(id => id.GetGuid())];
    }

    private static async Task<string> EventsAsync(RunningModular app, Guid job) =>
        string.Join('\n', (await app.ReadEventsAsync(job, 0, CancellationToken).ToListAsync(CancellationToken)).Select(item => $"{item.Id} {item.Event} {item.Data.GetRawText()}"));

    private static async Task<long> FinishedAsync(Deployment deployment)
    {
        await using var connection = await deployment.ConnectAsync();
        return await CountAsync(connection, "SELECT count(*) FROM jobs.mt_doc_outcome");
    }

    private static async Task ShouldBeZeroAsync(NpgsqlConnection connection, string sql) => (await CountAsync(connection, sql)).ShouldBe(0, sql);

    private static async Task<long> CountAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(CancellationToken))!;
    }
}
