using System.Text.Json;
using Modular.Fixtures;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>When a job runs, in which order, and what its client is told while it waits.</summary>
public sealed class JobOrderTests(JobsHost host) : IClassFixture<JobsHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_delayed_job_runs_when_its_time_has_come()
    {
        var job = await host.App.SubmitAsync("debug.noop", with: with => with["delaySeconds"] = 1);
        job.State.ShouldBe("scheduled");
        (job.RunAt - job.CreatedAt).ShouldBe(TimeSpan.FromSeconds(1));

        var done = await host.App.WaitForJobAsync(job.Id, "succeeded");

        (done.StartedAt - done.RunAt)!.Value.ShouldBeInRange(TimeSpan.Zero, TimeSpan.FromSeconds(5));
        (await host.EventsAsync(job.Id)).Select(item => item.Data.GetProperty("state").GetString()).ShouldBe(["scheduled", "queued", "running", "succeeded", "succeeded"]);
    }

    [Fact]
    public async Task A_job_for_a_later_time_runs_then_and_one_for_an_earlier_time_at_once()
    {
        var now = (await host.App.SubmitAsync("debug.noop")).CreatedAt;
        var later = await host.App.SubmitAsync("debug.noop", with: with => with["runAt"] = now.AddSeconds(5));
        var earlier = await host.App.SubmitAsync("debug.noop", with: with => with["runAt"] = now.AddDays(-1000));
        (later.State, earlier.State).ShouldBe(("scheduled", "queued"));

        (await host.App.WaitForJobAsync(earlier.Id, "succeeded")).StartedAt!.Value.ShouldBeLessThan(later.RunAt!.Value);
        (await host.App.WaitForJobAsync(later.Id, "succeeded")).StartedAt!.Value.ShouldBeGreaterThanOrEqualTo(later.RunAt.Value);
    }

    [Fact]
    public async Task Higher_priority_runs_first_and_equal_ones_in_the_order_of_submission()
    {
        var queue = JobsFixture.NewName();
        await host.LimitAsync(queue, 1);
        await host.PauseAsync(queue);
        var jobs = new List<(Guid Id, int Priority)>();
        foreach (var priority in new[] { 0, -5, 7, 0, 100, 7, -100, 0 })
        {
            jobs.Add(((await host.ActAsync(with => (with["queue"], with["priority"]) = (queue, priority), new { log = "here" })).Id, priority));
        }

        await host.ResumeAsync(queue);
        foreach (var (id, _) in jobs)
            await host.App.WaitForJobAsync(id, "succeeded");

        Gates.OrderOf([.. jobs.Select(job => job.Id)]).ShouldBe(jobs.OrderByDescending(job => job.Priority).Select(job => job.Id));
    }

    [Fact]
    public async Task A_paused_queue_starts_nothing_and_goes_on_when_it_is_resumed()
    {
        var (queue, gate) = (JobsFixture.NewName(), JobsFixture.NewName());
        var running = await host.ActAsync(JobsFixture.On(queue), new { gate });
        await host.App.WaitForJobAsync(running.Id, "running");
        await host.PauseAsync(queue);
        var waiting = await host.App.SubmitAsync("debug.noop", with: JobsFixture.On(queue));
        // What the service does later for another queue, it would have done for this one.
        await host.App.WaitForJobAsync((await host.App.SubmitAsync("debug.noop")).Id, "succeeded");

        (await host.App.GetJobAsync(waiting.Id)).State.ShouldBe("queued");
        (await host.App.GetJobAsync(running.Id)).State.ShouldBe("running", "what runs goes on");
        await host.ResumeAsync(queue);

        await host.App.WaitForJobAsync(waiting.Id, "succeeded");
        Gates.Open(gate);
        await host.App.WaitForJobAsync(running.Id, "succeeded");
    }

    [Fact]
    public async Task A_queues_limit_is_never_exceeded_and_another_queue_takes_the_rest()
    {
        var (queue, gate) = (JobsFixture.NewName(), JobsFixture.NewName());
        await host.LimitAsync(queue, 2);
        var limited = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => host.ActAsync(JobsFixture.On(queue), new { gate })));
        var free = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => host.ActAsync(JobsFixture.On(JobsFixture.NewName()), new { gate })));
        foreach (var job in free)
            await host.App.WaitForJobAsync(job.Id, "running");

        await Eventually.IsTrueAsync(async () => (await DepthAsync(queue)).Running == 2, "two of the limited queue run");
        (await host.App.GetJobAsync(limited[^1].Id)).WaitingFor.ShouldBe($"queue '{queue}' runs 2 of at most 2");
        await host.LimitAsync(queue, null);
        await Eventually.IsTrueAsync(async () => (await DepthAsync(queue)).Running == 6, "without a limit all six run");
        Gates.Open(gate);
        foreach (var job in limited.Concat(free))
            await host.App.WaitForJobAsync(job.Id, "succeeded");
    }

    [Fact]
    public async Task Under_load_no_moment_shows_more_jobs_of_a_limited_queue_than_its_limit()
    {
        var queue = JobsFixture.NewName();
        await host.LimitAsync(queue, 3);
        var jobs = Enumerable.Range(0, 40).Select(_ => new { type = "debug.sleep", payload = new { milliseconds = 20 }, queue, maxAttempts = 1 }).ToArray();
        var answer = await JobsFixture.JsonAsync(await host.PostAsync("jobs/batch", new { jobs }), System.Net.HttpStatusCode.Created);
        var ids = answer.GetProperty("ids").EnumerateArray().Select(id => id.GetGuid()).ToArray();

        foreach (var id in ids)
            await host.App.WaitForJobAsync(id, "succeeded");

        // Each attempt's span is the database's and this one replica's; at each start, count who runs.
        var spans = await Task.WhenAll(ids.Select(async id => (await host.App.GetJobAsync(id)).Attempts.Single()));
        spans.Max(one => spans.Count(other => other.StartedAt <= one.StartedAt && other.FinishedAt > one.StartedAt)).ShouldBeLessThanOrEqualTo(3);
    }

    [Fact]
    public async Task A_limited_queue_goes_on_at_once_when_a_place_becomes_free()
    {
        var queue = JobsFixture.NewName();
        await host.LimitAsync(queue, 1);
        var jobs = Enumerable.Range(0, 30).Select(_ => new { type = "debug.sleep", payload = new { milliseconds = 1 }, queue }).ToArray();
        await JobsFixture.JsonAsync(await host.PostAsync("jobs/batch", new { jobs }), System.Net.HttpStatusCode.Created);

        // Five seconds for each, if each waited for the poll.
        await Eventually.IsTrueAsync(async () => await DepthAsync(queue) == (0, 0), "all have run", TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task All_slots_are_used_although_one_of_two_queues_has_little_to_do()
    {
        var (busy, quiet, gate) = (JobsFixture.NewName(), JobsFixture.NewName(), JobsFixture.NewName());
        await host.PauseAsync(busy);
        await host.PauseAsync(quiet);
        var many = await Task.WhenAll(Enumerable.Range(0, 15).Select(_ => host.ActAsync(JobsFixture.On(busy), new { gate })));
        var one = await host.ActAsync(JobsFixture.On(quiet), new { gate });

        await host.ResumeAsync(quiet);
        await host.ResumeAsync(busy);

        await Eventually.IsTrueAsync(async () => (await DepthAsync(busy)).Running == 15, "sixteen slots run sixteen jobs, before the poll looks again", TimeSpan.FromSeconds(1.5));
        Gates.Open(gate);
        foreach (var job in many.Append(one))
            await host.App.WaitForJobAsync(job.Id, "succeeded");
    }

    [Fact]
    public async Task A_waiting_job_says_what_it_waits_for()
    {
        var (queue, gate) = (JobsFixture.NewName(), JobsFixture.NewName());
        await host.LimitAsync(queue, 1);
        var holder = await host.ActAsync(JobsFixture.On(queue), new { gate });
        await host.App.WaitForJobAsync(holder.Id, "running");
        var first = await host.App.SubmitAsync("debug.noop", with: JobsFixture.On(queue));
        var scheduled = await host.App.SubmitAsync("debug.noop", with: with => (with["queue"], with["runAt"]) = (queue, holder.CreatedAt.AddDays(300).ToOffset(TimeSpan.FromHours(1))));

        (await host.App.GetJobAsync(holder.Id)).WaitingFor.ShouldBeNull();
        (await host.App.GetJobAsync(first.Id)).WaitingFor.ShouldBe($"queue '{queue}' runs 1 of at most 1");
        (await host.App.GetJobAsync(scheduled.Id)).WaitingFor.ShouldBe($"scheduled for {holder.CreatedAt.AddDays(300):yyyy-MM-dd'T'HH:mm:ss.fff'Z'}");
        await host.PauseAsync(queue);
        (await host.App.GetJobAsync(first.Id)).WaitingFor.ShouldBe($"queue '{queue}' is paused");
        Gates.Open(gate);
    }

    [Fact]
    public async Task Without_a_worker_a_waiting_job_says_so_and_with_a_busy_one_how_many_are_ahead()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var clerk = await ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["WORKER_CONCURRENCY"] = "0" });
        var jobs = Enumerable.Range(0, 1003).Select(number => new { type = "debug.noop", payload = new { }, queue = "long", priority = number < 3 ? 1 : 0 }).ToArray();
        var ids = await SubmitAsync(jobs[..3]);
        (await clerk.GetJobAsync(ids[2])).WaitingFor.ShouldBe("no worker is alive");

        // A worker that takes nothing of this queue is alive all the same.
        await using var worker = await ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["WORKER_QUEUES"] = "other" });
        (await clerk.GetJobAsync(ids[0])).WaitingFor.ShouldBe("0 jobs ahead in 'long'");
        (await clerk.GetJobAsync(ids[1])).WaitingFor.ShouldBe("1 job ahead in 'long'");
        (await clerk.GetJobAsync(ids[2])).WaitingFor.ShouldBe("2 jobs ahead in 'long'");
        var rest = await SubmitAsync(jobs[3..]);
        (await clerk.GetJobAsync(rest[^3])).WaitingFor.ShouldBe("1000 jobs ahead in 'long'");
        (await clerk.GetJobAsync(rest[^2])).WaitingFor.ShouldBe("more than 1,000 jobs ahead in 'long'");

        async Task<Guid[]> SubmitAsync(object batch)
        {
            using var response = await clerk.Client.PostAsync("jobs/batch", System.Net.Http.Json.JsonContent.Create(new { jobs = batch }), CancellationToken);
            var answer = await JobsFixture.JsonAsync(response, System.Net.HttpStatusCode.Created);
            return [.. answer.GetProperty("ids").EnumerateArray().Select(id => id.GetGuid())];
        }
    }

    private async Task<(long Queued, long Running)> DepthAsync(string queue)
    {
        var depth = await host.App.GetAsync<JsonElement>($"queues/{queue}");
        return (depth.GetProperty("queued").GetInt64(), depth.GetProperty("running").GetInt64());
    }
}
