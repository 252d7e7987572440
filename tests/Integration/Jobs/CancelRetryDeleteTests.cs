using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Modular.Fixtures;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>What clients do to single jobs.</summary>
public sealed class CancelRetryDeleteTests(JobsHost host) : IClassFixture<JobsHost>
{
    [Theory]
    [InlineData(null)]
    [InlineData(3600)]
    public async Task A_waiting_job_is_cancelled_at_once_and_again_with_200(int? delaySeconds)
    {
        var queue = JobsFixture.NewName();
        await host.PauseAsync(queue);
        var job = await host.App.SubmitAsync("debug.noop", with: with => (with["queue"], with["delaySeconds"]) = (queue, delaySeconds));
        job.State.ShouldBe(delaySeconds is null ? "queued" : "scheduled");

        foreach (var _ in Enumerable.Range(0, 2))
        {
            var answer = await JobsFixture.JsonAsync(await CancelAsync(job.Id), HttpStatusCode.OK);
            answer.GetProperty("state").GetString().ShouldBe("cancelled");
        }

        var cancelled = await host.App.GetJobAsync(job.Id);
        (cancelled.Attempt, cancelled.StartedAt, cancelled.Error).ShouldBe((0, null, null));
        cancelled.CancelRequestedAt.ShouldNotBeNull();
        cancelled.FinishedAt.ShouldNotBeNull();
        await host.ResumeAsync(queue);
        (await host.EventsAsync(job.Id)).Select(item => item.Event).ShouldBe(["state", "state", "end"]);
    }

    [Fact]
    public async Task A_running_job_is_asked_with_202_and_ends_cancelled()
    {
        var job = await host.ActAsync(new { progress = 30, message = "on the way" }, new { gate = "never opened" });
        await Eventually.IsTrueAsync(async () => (await host.App.GetJobAsync(job.Id)).Progress is { Percent: 30 }, "it has reported");

        var answer = await JobsFixture.JsonAsync(await CancelAsync(job.Id), HttpStatusCode.Accepted);
        answer.GetProperty("cancelRequestedAt").GetString().ShouldNotBeNull();
        var cancelled = await host.App.WaitForJobAsync(job.Id, "cancelled");

        cancelled.Attempts.ShouldHaveSingleItem().Outcome.ShouldBe("cancelled");
        (cancelled.Error, cancelled.Progress).ShouldBe((null, new JobProgressAnswer(30, "on the way")));
    }

    [Fact]
    public async Task A_handler_that_ignores_cancellation_is_abandoned_after_ten_seconds_and_what_it_does_later_is_lost()
    {
        var gate = JobsFixture.NewName();
        var job = await host.ActAsync(new { gate, deaf = true }, new { log = "too late", artifact = "late.txt", message = "late" });
        await Eventually.IsTrueAsync(() => Gates.WaitersAt(gate) == 1, "the handler is deaf at its gate");
        await JobsFixture.JsonAsync(await CancelAsync(job.Id), HttpStatusCode.Accepted);

        var cancelled = await host.App.WaitForJobAsync(job.Id, TimeSpan.FromSeconds(30), "cancelled");
        var patience = cancelled.FinishedAt!.Value - cancelled.CancelRequestedAt!.Value;
        patience.TotalSeconds.ShouldBeInRange(9.5, 20);
        var last = (await host.EventsAsync(job.Id))[^1].Id;
        Gates.Open(gate);
        // The slot is free again, and whoever comes next is served.
        await host.App.WaitForJobAsync((await host.App.SubmitAsync("debug.sleep", new { milliseconds = 300 })).Id, "succeeded");

        (await host.EventsAsync(job.Id))[^1].Id.ShouldBe(last);
        (await host.App.GetJobAsync(job.Id)).Artifacts.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_job_whose_attempt_fails_after_cancel_was_asked_is_cancelled_and_not_retried()
    {
        var gate = JobsFixture.NewName();
        var job = await host.ActAsync(with => with["backoff"] = new JsonObject { ["baseSeconds"] = 3600 }, new { gate, deaf = true }, new { fail = true, message = "oops" });
        await host.App.WaitForJobAsync(job.Id, "running");
        // As when the request commits just before the outcome does, and the worker has not heard of it yet.
        await host.CountAsync($"WITH asked AS (UPDATE jobs.entry SET cancel_requested_at = now() WHERE id = '{job.Id}' RETURNING 1) SELECT count(*) FROM asked");
        Gates.Open(gate);

        var cancelled = await host.App.WaitForJobAsync(job.Id, "cancelled");

        cancelled.CancelRequestedAt.ShouldNotBeNull();
        (await host.EventsAsync(job.Id)).Select(item => item.Id).ShouldBe(Enumerable.Range(1, (int)(await host.EventsAsync(job.Id))[^1].Id).Select(id => (long)id));
    }

    [Fact]
    public async Task A_finished_job_cannot_be_cancelled()
    {
        var succeeded = await FinishAsync(await host.App.SubmitAsync("debug.noop"));
        var failed = await FinishAsync(await host.ActAsync(new { giveUp = true, message = "no" }));

        await JobsFixture.ExpectAsync(CancelAsync(succeeded.Id), HttpStatusCode.Conflict);
        await JobsFixture.ExpectAsync(CancelAsync(failed.Id), HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_failed_job_is_retried_with_more_attempts_and_its_history_stays()
    {
        var job = await host.ActAsync(
            with => (with["maxAttempts"], with["backoff"]) = (2, new JsonObject { ["kind"] = "fixed", ["baseSeconds"] = 1 }),
            new { onAttempt = 1, fail = true, message = "one" }, new { onAttempt = 2, fail = true, message = "two" }, new { onAttempt = 3, fail = true, message = "three" });
        await host.App.WaitForJobAsync(job.Id, "failed");

        var retried = await JobsFixture.JsonAsync(await host.PostAsync($"jobs/{job.Id}/retry"), HttpStatusCode.Accepted);
        retried.GetProperty("maxAttempts").GetInt32().ShouldBe(4);
        retried.GetProperty("finishedAt").ValueKind.ShouldBe(JsonValueKind.Null);
        var done = await host.App.WaitForJobAsync(job.Id, "succeeded");

        done.Attempts.Select(attempt => (attempt.Number, attempt.Outcome)).ShouldBe([(1, "failed"), (2, "failed"), (3, "failed"), (4, "succeeded")]);
        var events = await host.EventsAsync(job.Id);
        events.Select(item => item.Id).ShouldBe(Enumerable.Range(1, events.Count).Select(id => (long)id));
        events.Where(item => item.Event == "end").Select(item => item.Data.GetProperty("state").GetString()).ShouldBe(["failed", "succeeded"]);
        events.Where(item => item.Event == "state").Select(item => item.Data.GetProperty("state").GetString()).ShouldBe(
            ["queued", "running", "scheduled", "queued", "running", "failed", "queued", "running", "scheduled", "queued", "running", "succeeded"]);
    }

    [Fact]
    public async Task A_cancelled_job_is_retried()
    {
        var queue = JobsFixture.NewName();
        await host.PauseAsync(queue);
        var job = await host.App.SubmitAsync("debug.noop", with: JobsFixture.On(queue));
        await JobsFixture.ExpectAsync(CancelAsync(job.Id), HttpStatusCode.OK);
        await JobsFixture.ExpectAsync(host.PostAsync($"jobs/{job.Id}/retry"), HttpStatusCode.Accepted);
        (await host.App.GetJobAsync(job.Id)).CancelRequestedAt.ShouldBeNull();
        await host.ResumeAsync(queue);

        (await host.App.WaitForJobAsync(job.Id, "succeeded")).Attempts.ShouldHaveSingleItem().Number.ShouldBe(1);
    }

    [Fact]
    public async Task Only_a_failed_or_cancelled_job_can_be_retried()
    {
        var queue = JobsFixture.NewName();
        await host.PauseAsync(queue);
        var queued = await host.App.SubmitAsync("debug.noop", with: JobsFixture.On(queue));
        var running = await host.ActAsync(new { gate = "never opened" });
        await host.App.WaitForJobAsync(running.Id, "running");
        var succeeded = await FinishAsync(await host.App.SubmitAsync("debug.noop"));

        foreach (var job in new[] { queued, running, succeeded })
            await JobsFixture.ExpectAsync(host.PostAsync($"jobs/{job.Id}/retry"), HttpStatusCode.Conflict);
        await JobsFixture.ExpectAsync(CancelAsync(running.Id), HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Only_a_finished_job_can_be_deleted()
    {
        var queue = JobsFixture.NewName();
        await host.PauseAsync(queue);
        var queued = await host.App.SubmitAsync("debug.noop", with: JobsFixture.On(queue));
        var running = await host.ActAsync(new { gate = "never opened" });
        await host.App.WaitForJobAsync(running.Id, "running");

        await JobsFixture.ExpectAsync(DeleteAsync(queued.Id), HttpStatusCode.Conflict);
        await JobsFixture.ExpectAsync(DeleteAsync(running.Id), HttpStatusCode.Conflict);
        await JobsFixture.ExpectAsync(CancelAsync(running.Id), HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task A_deleted_job_takes_its_own_artifacts_along_and_leaves_the_users_objects()
    {
        var key = $"{JobsFixture.NewName()}/kept.txt";
        var job = await FinishAsync(await host.ActAsync(new { log = "line", checkpoint = "c", artifact = "own.txt", message = "own" }, new { @object = key, message = "kept" }));
        job.State.ShouldBe("succeeded");
        job.Artifacts.Select(artifact => artifact.Name).ShouldBe(["own.txt", key], ignoreOrder: true);

        await JobsFixture.ExpectAsync(DeleteAsync(job.Id), HttpStatusCode.NoContent);

        await JobsFixture.ExpectAsync(DeleteAsync(job.Id), HttpStatusCode.NotFound);
        await JobsFixture.ExpectAsync(host.Client.GetAsync($"jobs/{job.Id}", TestContext.Current.CancellationToken), HttpStatusCode.NotFound);
        await JobsFixture.ExpectAsync(host.Client.GetAsync(RunningModular.ObjectPath($"jobs/{job.Id}/own.txt"), TestContext.Current.CancellationToken), HttpStatusCode.NotFound);
        (await host.App.GetObjectAsync(key)).ShouldBe("kept"u8.ToArray());
        (await host.CountAsync(
            $"""
             SELECT (SELECT count(*) FROM jobs.event WHERE job_id = '{job.Id}') + (SELECT count(*) FROM jobs.checkpoint WHERE job_id = '{job.Id}')
                  + (SELECT count(*) FROM jobs.artifact WHERE job_id = '{job.Id}') + (SELECT count(*) FROM jobs.mt_doc_submission WHERE id = '{job.Id}')
             """)).ShouldBe(0);
    }

    private Task<HttpResponseMessage> CancelAsync(Guid id) => host.PostAsync($"jobs/{id}/cancel");

    private Task<HttpResponseMessage> DeleteAsync(Guid id) => host.Client.DeleteAsync($"jobs/{id}", TestContext.Current.CancellationToken);

    private Task<JobAnswer> FinishAsync(JobAnswer job) => host.App.WaitForJobAsync(job.Id);
}
