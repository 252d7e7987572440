using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Modular.Fixtures;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>Jobs that a replica has claimed ahead of its free slots, since the last ones were short.</summary>
public sealed class BufferTests : IAsyncLifetime
{
    private ModularApp _app = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _app = await ModularApp.StartAsync(new Dictionary<string, string> { ["WORKER_CONCURRENCY"] = "1" }, modules: [.. Modules.All, new FixturesModule()]);
        foreach (var job in await SubmitAsync([.. Enumerable.Repeat(new { type = "debug.noop", payload = new { } }, 100)]))
            await _app.WaitForJobAsync(job, "succeeded");
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task A_pause_gives_back_what_was_claimed_and_not_begun_and_a_resume_runs_it()
    {
        var gate = JobsFixture.NewName();
        var jobs = await SubmitAsync(
        [
            new { type = "fixtures.act", queue = "calm", payload = new { steps = new[] { new { gate } } } },
            .. Enumerable.Repeat(new { type = "fixtures.act", queue = "calm", maxAttempts = 1, payload = new { steps = Array.Empty<object>() } }, 5),
        ]);
        await Eventually.IsTrueAsync(async () => await LastEventAsync(jobs[5]) >= 2, "all are claimed");

        using (await _app.Client.PostAsync("queues/calm/pause", content: null, CancellationToken))
            await Eventually.IsTrueAsync(async () => await RunningAsync() == 1, "only the one that had begun is kept");
        Gates.Open(gate);
        await _app.WaitForJobAsync(jobs[0], "succeeded");
        (await RunningAsync()).ShouldBe(0);
        using (await _app.Client.PostAsync("queues/calm/resume", content: null, CancellationToken))
        {
            foreach (var job in jobs)
                (await _app.WaitForJobAsync(job, "succeeded")).Attempt.ShouldBe(1);
        }

        Gates.OrderOf(jobs).ShouldBe(jobs);
        jobs.ShouldAllBe(job => Gates.RunsOf(job) == 1);
    }

    [Fact]
    public async Task What_waits_behind_a_long_job_goes_back_once_and_is_not_taken_again()
    {
        var gate = JobsFixture.NewName();
        var jobs = (await SubmitAsync(
        [
            new { type = "fixtures.act", queue = "calm", payload = new { steps = new[] { new { gate } } } },
            .. Enumerable.Repeat(new { type = "debug.noop", queue = "calm", payload = new { } }, 5),
        ]))[1..];
        foreach (var job in jobs)
            await Eventually.IsTrueAsync(async () => await LastEventAsync(job) == 3, "each is claimed and goes back");

        // The poll looks every two seconds, and would take them and give them back in turns.
        (await _app.GetAsync<JobAnswer>($"jobs/{jobs[0]}?wait=5")).State.ShouldBe("queued");
        foreach (var job in jobs)
            (await LastEventAsync(job)).ShouldBe(3);
        Gates.Open(gate);
        foreach (var job in jobs)
            (await _app.WaitForJobAsync(job, "succeeded")).Attempt.ShouldBe(1);
    }

    private async Task<long> RunningAsync() => (await _app.GetAsync<JsonElement>("queues/calm")).GetProperty("running").GetInt64();

    private async Task<long> LastEventAsync(Guid job)
    {
        await using var events = _app.ReadEventsAsync(job, cancellationToken: CancellationToken).GetAsyncEnumerator(CancellationToken);
        (await events.MoveNextAsync()).ShouldBeTrue();
        return events.Current.Id;
    }

    private async Task<Guid[]> SubmitAsync(object[] jobs)
    {
        using var response = await _app.Client.PostAsJsonAsync("jobs/batch", new { jobs }, CancellationToken);
        var answer = await JobsFixture.JsonAsync(response, HttpStatusCode.Created);
        return [.. answer.GetProperty("ids").EnumerateArray().Select(id => id.GetGuid())];
    }
}
