using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Modular.Fixtures;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>POST /jobs/bulk: what was previewed is what is done.</summary>
public sealed class BulkTests(JobsHost host) : IClassFixture<JobsHost>
{
    [Fact]
    public async Task A_dry_run_counts_and_changes_nothing()
    {
        var queue = await WithWaitingJobsAsync(7);

        (await ActAsync(new { action = "cancel", filter = new { queue }, dryRun = true })).ShouldBe((7, 0));

        (await CountAsync(queue, "queued")).ShouldBe(7);
    }

    [Fact]
    public async Task Another_count_than_expected_is_409_and_changes_nothing()
    {
        var queue = await WithWaitingJobsAsync(3);

        await JobsFixture.ExpectAsync(host.PostAsync("jobs/bulk", new { action = "cancel", filter = new { queue }, expectedCount = 2 }), HttpStatusCode.Conflict);
        (await CountAsync(queue, "queued")).ShouldBe(3);
        (await ActAsync(new { action = "cancel", filter = new { queue }, expectedCount = 3 })).ShouldBe((3, 3));
    }

    [Fact]
    public async Task Jobs_are_cancelled_retried_and_deleted_by_filter()
    {
        var queue = await WithWaitingJobsAsync(1100);
        var other = await WithWaitingJobsAsync(2);

        (await ActAsync(new { action = "cancel", filter = new { queue, state = new[] { "queued" } } })).ShouldBe((1100, 1100));
        (await CountAsync(queue, "cancelled")).ShouldBe(1000, "a page");
        (await ActAsync(new { action = "retry", filter = new { queue, state = new[] { "cancelled" } } })).ShouldBe((1100, 1100));
        (await ActAsync(new { action = "delete", filter = new { queue } })).ShouldBe((1100, 0), "none of them has ended");
        await ActAsync(new { action = "cancel", filter = new { queue } });
        (await ActAsync(new { action = "delete", filter = new { queue } })).ShouldBe((1100, 1100));

        (await host.CountAsync($"SELECT count(*) FROM jobs.mt_doc_submission WHERE queue = '{queue}'")).ShouldBe(0);
        (await CountAsync(other, "queued")).ShouldBe(2);
    }

    [Fact]
    public async Task Cancel_asks_running_jobs_and_leaves_finished_ones()
    {
        var tag = JobsFixture.NewName();
        void Tagged(JsonObject job) => job["tags"] = new JsonArray(tag);
        var done = await host.App.SubmitAsync("debug.noop", with: Tagged);
        await host.App.WaitForJobAsync(done.Id, "succeeded");
        var running = await host.ActAsync(Tagged, new { gate = "never opened" });
        await host.App.WaitForJobAsync(running.Id, "running");

        (await ActAsync(new { action = "cancel", filter = new { tag } })).ShouldBe((2, 1));

        await host.App.WaitForJobAsync(running.Id, "cancelled");
        (await host.App.GetJobAsync(done.Id)).State.ShouldBe("succeeded");
    }

    [Fact]
    public async Task Delete_takes_the_artifacts_along()
    {
        var tag = JobsFixture.NewName();
        var job = await host.ActAsync(with => with["tags"] = new JsonArray(tag), new { artifact = "a.txt", message = "a" });
        await host.App.WaitForJobAsync(job.Id, "succeeded");

        (await ActAsync(new { action = "delete", filter = new { tag } })).ShouldBe((1, 1));

        using var artifact = await host.Client.GetAsync(RunningModular.ObjectPath($"jobs/{job.Id}/a.txt"), TestContext.Current.CancellationToken);
        artifact.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Jobs_that_are_retried_and_fail_again_are_not_retried_again()
    {
        var (tag, gate) = (JobsFixture.NewName(), JobsFixture.NewName());
        var job = await host.ActAsync(
            with => (with["tags"], with["maxAttempts"]) = (new JsonArray(tag), 1), new { onAttempt = 1, fail = true, message = "first" }, new { gate }, new { giveUp = true, message = "again" });
        await host.App.WaitForJobAsync(job.Id, "failed");
        Gates.Open(gate);

        (await ActAsync(new { action = "retry", filter = new { tag, state = new[] { "failed" } } })).ShouldBe((1, 1));

        await Eventually.IsTrueAsync(async () => await host.App.GetJobAsync(job.Id) is { State: "failed", Attempt: 2 }, "it fails once more, and stays so");
    }

    [Theory]
    [InlineData("""{}""", "action")]
    [InlineData("""{"action":"cancel"}""", "filter")]
    [InlineData("""{"action":"cancel","filter":null}""", "filter")]
    [InlineData("""{"action":"cancel","filter":{}}""", "filter")]
    [InlineData("""{"action":"delete","filter":{"state":[]}}""", "filter.state")]
    [InlineData("""{"action":"delete","filter":{"state":["done"]}}""", "filter.state[0]")]
    [InlineData("""{"action":"delete","filter":{"state":[null]}}""", "filter.state[0]")]
    [InlineData("""{"action":"delete","filter":{"state":"failed"}}""", "filter.state")]
    [InlineData("""{"action":"purge","filter":{"queue":"a"}}""", "action")]
    [InlineData("""{"action":1,"filter":{"queue":"a"}}""", "action")]
    [InlineData("""{"action":"cancel","filter":{"queue":"A"}}""", "filter.queue")]
    [InlineData("""{"action":"cancel","filter":{"tag":""}}""", "filter.tag")]
    [InlineData("""{"action":"cancel","filter":{"surprise":1}}""", "filter.surprise")]
    [InlineData("""{"action":"cancel","filter":{"queue":"a"},"expectedCount":-1}""", "expectedCount")]
    [InlineData("""{"action":"cancel","filter":{"queue":"a"},"dryRun":"yes"}""", "dryRun")]
    public async Task What_does_not_say_clearly_what_to_do_to_which_jobs_is_refused(string body, string field) =>
        (await JobsFixture.InvalidAsync(await host.PostTextAsync("jobs/bulk", body))).Keys.ShouldContain(field);

    private async Task<string> WithWaitingJobsAsync(int count)
    {
        var queue = JobsFixture.NewName();
        await host.PauseAsync(queue);
        foreach (var chunk in Enumerable.Repeat(new { type = "debug.noop", payload = new { }, queue }, count).Chunk(1000))
            await JobsFixture.JsonAsync(await host.PostAsync("jobs/batch", new { jobs = chunk }), HttpStatusCode.Created);
        return queue;
    }

    private async Task<(long Matched, long Changed)> ActAsync(object command)
    {
        var answer = await JobsFixture.JsonAsync(await host.PostAsync("jobs/bulk", command), HttpStatusCode.OK);
        return (answer.GetProperty("matched").GetInt64(), answer.GetProperty("changed").GetInt64());
    }

    private async Task<int> CountAsync(string queue, string state) =>
        (await host.App.GetAsync<JsonElement>($"jobs?queue={queue}&state={state}&limit=1000")).GetProperty("items").GetArrayLength();
}
