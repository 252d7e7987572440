using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Modular.Fixtures;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>From queued to its end, by every way that the contract names.</summary>
public sealed class JobLifecycleTests(JobsHost host) : IClassFixture<JobsHost>
{
    private static readonly Action<JsonObject> QuickRetries = job => job["backoff"] = new JsonObject { ["kind"] = "fixed", ["baseSeconds"] = 1 };

    [Fact]
    public async Task A_job_succeeds_with_its_result()
    {
        var job = await host.App.SubmitAsync("debug.sleep", new { milliseconds = 20, steps = 2 });

        var done = await host.App.WaitForJobAsync(job.Id, "succeeded");

        done.Result!.Value.GetRawText().ShouldBe("""{"sleptMilliseconds":20}""");
        done.Error.ShouldBeNull();
        done.Progress.ShouldBe(new JobProgressAnswer(100, "step 2 of 2"));
        (done.Attempt, done.MaxAttempts, done.WaitingFor).ShouldBe((1, 5, null));
        var attempt = done.Attempts.ShouldHaveSingleItem();
        (attempt.Number, attempt.Outcome, attempt.Error).ShouldBe((1, "succeeded", null));
        attempt.Worker.ShouldNotBeNullOrEmpty();
        done.CreatedAt.ShouldBeLessThanOrEqualTo(done.StartedAt!.Value);
        done.StartedAt.Value.ShouldBeLessThan(done.FinishedAt!.Value);
        (attempt.FinishedAt - attempt.StartedAt).ShouldNotBeNull().TotalMilliseconds.ShouldBeGreaterThanOrEqualTo(19);
    }

    [Fact]
    public async Task A_failed_attempt_is_retried_after_its_backoff()
    {
        var job = await host.App.SubmitAsync("debug.fail", new { message = "not yet", attempts = 2 }, QuickRetries);

        var waiting = await host.App.WaitForJobAsync(job.Id, "scheduled");
        waiting.Error.ShouldBe(new JobErrorAnswer("InvalidOperationException", "not yet"));
        waiting.WaitingFor!.ShouldMatch(@"^retry 2 of 5 at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
        waiting.RunAt.ShouldNotBeNull();
        var done = await host.App.WaitForJobAsync(job.Id, "succeeded");

        done.Result!.Value.GetRawText().ShouldBe("""{"succeededOnAttempt":3}""");
        done.Error.ShouldBeNull();
        done.Attempts.Select(attempt => (attempt.Number, attempt.Outcome)).ShouldBe([(1, "failed"), (2, "failed"), (3, "succeeded")]);
        done.Attempts.Take(2).ShouldAllBe(attempt => attempt.Error!.Message == "not yet");
        foreach (var (failed, next) in done.Attempts.Zip(done.Attempts.Skip(1)))
            (next.StartedAt - failed.FinishedAt)!.Value.TotalSeconds.ShouldBeGreaterThanOrEqualTo(0.85, "the backoff is a second, less ten percent");
    }

    [Fact]
    public async Task A_job_without_attempts_left_fails_with_the_last_error()
    {
        var job = await host.App.SubmitAsync("debug.fail", new { message = "never", attempts = 50 }, with =>
        {
            QuickRetries(with);
            with["maxAttempts"] = 2;
        });

        var failed = await host.App.WaitForJobAsync(job.Id, "failed");

        failed.Error.ShouldBe(new JobErrorAnswer("InvalidOperationException", "never"));
        failed.Attempts.Select(attempt => attempt.Outcome).ShouldBe(["failed", "failed"]);
        failed.Result.ShouldBeNull();
        failed.FinishedAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task A_handler_may_say_that_a_retry_is_useless()
    {
        var job = await host.ActAsync(new { giveUp = true, message = "the input is broken" });

        var failed = await host.App.WaitForJobAsync(job.Id, "failed");

        failed.Error.ShouldBe(new JobErrorAnswer("GaveUp", "the input is broken"));
        failed.Attempt.ShouldBe(1);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_times_out_and_is_retried()
    {
        var job = await host.ActAsync(
            with =>
            {
                QuickRetries(with);
                with["timeoutSeconds"] = 3;
            },
            new { onAttempt = 1, gate = "never opened" });

        var done = await host.App.WaitForJobAsync(job.Id, "succeeded");

        done.Attempts.Select(attempt => attempt.Outcome).ShouldBe(["timedOut", "succeeded"]);
        done.Attempts[0].Error.ShouldBe(new JobErrorAnswer("Timeout", "The attempt took longer than 3 s."));
    }

    [Fact]
    public async Task A_checkpoint_survives_a_failed_attempt_and_artifacts_are_replaced()
    {
        var job = await host.ActAsync(
            QuickRetries,
            new { onAttempt = 1, checkpoint = "half done", artifact = "report.txt", message = "first" },
            new { onAttempt = 1, fail = true, message = "interrupted" },
            new { onAttempt = 2, artifact = "report.txt", message = "second" });

        var done = await host.App.WaitForJobAsync(job.Id, "succeeded");

        done.Result!.Value.GetProperty("checkpoint").GetString().ShouldBe("half done");
        var artifact = done.Artifacts.ShouldHaveSingleItem();
        (artifact.Name, artifact.Key, artifact.Size).ShouldBe(("report.txt", $"jobs/{job.Id}/report.txt", 6));
        (await host.App.GetObjectAsync(artifact.Key)).ShouldBe("second"u8.ToArray());
    }

    [Fact]
    public async Task Text_that_the_database_cannot_hold_is_kept_without_what_is_wrong_in_it()
    {
        var job = await host.ActAsync(
            new { log = "line", progress = 50, message = "doing", garbled = true },
            new { giveUp = true, message = "broken", garbled = true });

        var failed = await host.App.WaitForJobAsync(job.Id, "failed");

        failed.Error.ShouldBe(new JobErrorAnswer("GaveUp", "broken\ufffd\ufffd."));
        failed.Progress.ShouldBe(new JobProgressAnswer(50, "doing\ufffd\ufffd."));
        var log = await host.App.GetAsync<JsonElement>($"jobs/{job.Id}/logs");
        log.GetProperty("items")[0].GetProperty("message").GetString().ShouldBe("line\ufffd\ufffd.");
    }

    [Theory]
    [InlineData(59, "succeeded", null)]
    [InlineData(60, "failed", "ResultNotStorable")]
    [InlineData(63, "failed", "ResultNotStorable")]
    [InlineData(64, "failed", "ResultNotStorable")]
    [InlineData(200, "failed", "ResultNotStorable")]
    public async Task A_result_that_is_nested_too_deep_fails_its_job_and_no_other(int depth, string state, string? error)
    {
        var job = await host.App.SubmitAsync("fixtures.act", new { steps = Array.Empty<object>(), resultDepth = depth }, with => with["maxAttempts"] = 1);

        var ended = await host.App.WaitForJobAsync(job.Id, state);

        ended.Error?.Type.ShouldBe(error);
        await host.App.WaitForJobAsync((await host.App.SubmitAsync("debug.noop")).Id, "succeeded");
    }

    [Fact]
    public async Task A_result_that_is_too_large_fails_its_job()
    {
        var job = await host.App.SubmitAsync("fixtures.act", new { steps = Array.Empty<object>(), result = new string('x', 256 * 1024 - 30) });

        (await host.App.WaitForJobAsync(job.Id, "failed")).Error!.Type.ShouldBe("ResultTooLarge");
    }

    [Fact]
    public async Task Waiting_for_a_job_answers_when_it_ends_and_not_later()
    {
        var gate = JobsFixture.NewName();
        var job = await host.ActAsync(new { gate });
        await host.App.WaitForJobAsync(job.Id, "running");

        var answer = host.App.GetAsync<JobAnswer>($"jobs/{job.Id}?wait=60");
        (await host.App.GetAsync<JobAnswer>($"jobs/{job.Id}?wait=1")).State.ShouldBe("running", "the second is over");
        answer.IsCompleted.ShouldBeFalse();
        Gates.Open(gate);

        (await answer.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken)).State.ShouldBe("succeeded");
    }

    [Theory]
    [InlineData("wait=61", "wait")]
    [InlineData("wait=-1", "wait")]
    [InlineData("wait=soon", "wait")]
    public async Task A_wait_beyond_its_bounds_is_refused(string query, string field) =>
        (await JobsFixture.InvalidAsync(await host.Client.GetAsync($"jobs/{Guid.CreateVersion7()}?{query}", TestContext.Current.CancellationToken))).Keys.ShouldBe([field]);

    [Theory]
    [InlineData("GET", "")]
    [InlineData("DELETE", "")]
    [InlineData("GET", "/events")]
    [InlineData("GET", "/logs")]
    [InlineData("POST", "/cancel")]
    [InlineData("POST", "/retry")]
    public async Task A_job_that_is_not_there_is_404(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"jobs/{Guid.CreateVersion7()}{path}");
        using var response = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }
}
