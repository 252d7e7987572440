using System.Text.Json;
using System.Text.Json.Nodes;
using Modular.Fixtures;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>A replica that stops or dies in the middle of a running job: the job runs again and succeeds, and its readers miss nothing.</summary>
public sealed class RestartTests
{
    private static readonly Dictionary<string, string> ShortLease = new() { ["JOB_LEASE_SECONDS"] = "1" };

    private static readonly Action<JsonObject> QuickRetries = job => job["backoff"] = new JsonObject { ["kind"] = "fixed", ["baseSeconds"] = 1 };

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_orderly_restart_gives_the_job_back_without_counting_the_attempt_and_its_reader_sees_every_event_once()
    {
        var gate = JobsFixture.NewName();
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string> { ["SHUTDOWN_TIMEOUT_SECONDS"] = "4" }, modules: [.. Modules.All, new FixturesModule()]);
        var job = await app.SubmitAsync("fixtures.act", new { steps = new object[] { new { log = "begun" }, new { gate } } });
        var logged = new TaskCompletionSource();
        var reader = ResumedStream.ReadToEndAsync(() => app, job.Id, item => _ = item.Event == "log" && logged.TrySetResult());
        await logged.Task.WaitAsync(CancellationToken);

        await app.StopAsync();
        Gates.Open(gate);
        await app.StartAsync();
        var events = await reader;

        events.Select(item => item.Id).ShouldBe(Enumerable.Range(1, events.Count).Select(id => (long)id));
        Shape(events).ShouldBe("queued, running 1, log, queued, running 1, log, succeeded 1, end");
        var done = await app.GetJobAsync(job.Id);
        (done.Attempt, done.Attempts.Count).ShouldBe((1, 1));
        Shape(await app.ReadEventsAsync(job.Id, 0, CancellationToken).ToListAsync(CancellationToken)).ShouldBe(Shape(events));
    }

    [Fact]
    public async Task A_killed_replica_s_job_runs_again_after_the_restart_and_its_reader_sees_every_event_once()
    {
        await using var deployment = await Deployment.CreateAsync();
        var host = await HostProcess.StartAsync(deployment, ShortLease);
        var current = host;
        try
        {
            var job = await host.SubmitAsync("debug.sleep", new { milliseconds = 4000, steps = 8 }, QuickRetries);
            var logged = new TaskCompletionSource();
            var reader = ResumedStream.ReadToEndAsync(() => current, job.Id, item => _ = item.Event == "log" && logged.TrySetResult());
            await logged.Task.WaitAsync(CancellationToken);

            await host.KillAsync();
            current = await HostProcess.StartAsync(deployment, ShortLease);
            var events = await reader;

            events.Select(item => item.Id).ShouldBe(Enumerable.Range(1, events.Count).Select(id => (long)id));
            events.Where(item => item.Event == "state").Select(item => item.Data.GetProperty("state").GetString()).ShouldBe(["queued", "running", "scheduled", "queued", "running", "succeeded"]);
            var done = await current.GetJobAsync(job.Id);
            done.Attempts.Select(attempt => (attempt.Outcome, attempt.Error?.Type)).ShouldBe([("lost", "WorkerLost"), ("succeeded", null)]);
            done.Attempts[0].Worker.ShouldNotBe(done.Attempts[1].Worker);
        }
        finally
        {
            await host.DisposeAsync();
            await current.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_killed_replica_s_jobs_are_rescued_by_another_one_and_at_most_once_means_never_again()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var victim = await HostProcess.StartAsync(deployment, ShortLease);
        var often = await victim.SubmitAsync("debug.sleep", new { milliseconds = 60_000 }, QuickRetries);
        var once = await victim.SubmitAsync("debug.sleep", new { milliseconds = 60_000 }, job => job["maxAttempts"] = 1);
        await victim.WaitForJobAsync(often.Id, "running");
        await victim.WaitForJobAsync(once.Id, "running");
        await using var rescuer = await ModularApp.StartAsync(deployment, ShortLease);

        await victim.KillAsync();

        var failed = await rescuer.WaitForJobAsync(once.Id, "failed");
        failed.Error!.Type.ShouldBe("WorkerLost");
        failed.Attempts.ShouldHaveSingleItem().Outcome.ShouldBe("lost");
        await Eventually.IsTrueAsync(async () => await rescuer.GetJobAsync(often.Id) is { State: "running", Attempt: 2 }, "the other one runs again");
        using (await rescuer.Client.PostAsync($"jobs/{often.Id}/cancel", content: null, CancellationToken))
        {
        }

        (await rescuer.WaitForJobAsync(often.Id, "cancelled")).Attempts.Select(attempt => attempt.Outcome).ShouldBe(["lost", "cancelled"]);
        await Eventually.IsTrueAsync(
            async () => (await rescuer.GetAsync<JsonElement>("workers")).GetProperty("items").GetArrayLength() == 1, "only the living replica is listed");
    }

    [Fact]
    public async Task A_stop_gives_running_jobs_back_in_time_and_fails_those_that_may_run_once_only()
    {
        await using var deployment = await Deployment.CreateAsync();
        // The listener stays for the delay, so the long wait is heard also when the signal overtakes it.
        await using var stopping = await HostProcess.StartAsync(
            deployment, new Dictionary<string, string> { ["SHUTDOWN_DELAY_SECONDS"] = "1", ["SHUTDOWN_TIMEOUT_SECONDS"] = "8" });
        var quick = await stopping.SubmitAsync("debug.sleep", new { milliseconds = 3000 });
        var again = await stopping.SubmitAsync("debug.sleep", new { milliseconds = 60_000 });
        var once = await stopping.SubmitAsync("debug.sleep", new { milliseconds = 60_000 }, job => job["maxAttempts"] = 1);
        foreach (var job in new[] { quick, again, once })
            await stopping.WaitForJobAsync(job.Id, "running");
        await using var stream = stopping.ReadEventsAsync(again.Id, 0, CancellationToken).GetAsyncEnumerator(CancellationToken);
        (await stream.MoveNextAsync()).ShouldBeTrue();
        (await stream.MoveNextAsync()).ShouldBeTrue();
        var wait = stopping.GetAsync<JobAnswer>($"jobs/{again.Id}?wait=60");

        (await stopping.TerminateAsync()).ShouldBe(0);

        (await wait).State.ShouldBe("running", "a long wait is answered when the replica stops");
        (await stream.MoveNextAsync()).ShouldBeFalse("the stream ends, it does not break");
        await using var next = await ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["WORKER_CONCURRENCY"] = "0" });
        (await next.GetJobAsync(quick.Id)).State.ShouldBe("succeeded", "there was time for it");
        var returned = await next.GetJobAsync(again.Id);
        (returned.State, returned.Attempt, returned.Attempts.Count, returned.StartedAt).ShouldBe(("queued", 0, 0, null));
        (await next.GetJobAsync(once.Id)).Error!.Type.ShouldBe("WorkerLost");
        (await next.GetAsync<JsonElement>("workers")).GetProperty("items").GetArrayLength().ShouldBe(0, "its lease ended with it");
    }

    [Fact]
    public async Task A_stop_waits_for_no_handler_that_ignores_it()
    {
        var gate = JobsFixture.NewName();
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string> { ["SHUTDOWN_TIMEOUT_SECONDS"] = "4" }, modules: [.. Modules.All, new FixturesModule()]);
        var job = await app.SubmitAsync("fixtures.act", new { steps = new object[] { new { onAttempt = 1, gate, deaf = true }, new { log = "late" } } });
        await app.WaitForJobAsync(job.Id, "running");

        await app.StopAsync().WaitAsync(TimeSpan.FromSeconds(15), CancellationToken);
        await using (var connection = await app.Deployment.ConnectAsync())
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = $"SELECT state FROM jobs.entry WHERE id = '{job.Id}'";
            (await command.ExecuteScalarAsync(CancellationToken)).ShouldBe((short)1, "it went back all the same");
        }

        Gates.Open(gate);
        await app.StartAsync();
        (await app.WaitForJobAsync(job.Id, "succeeded")).Attempt.ShouldBe(1);
    }

    private static string Shape(IEnumerable<JobEvent> events) => string.Join(", ", events.Select(item => item.Event == "state"
        ? $"{item.Data.GetProperty("state").GetString()} {item.Data.GetProperty("attempt").GetInt32()}".Replace(" 0", "", StringComparison.Ordinal)
        : item.Event));
}
