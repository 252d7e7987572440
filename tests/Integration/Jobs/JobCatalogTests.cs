using System.Net;
using System.Text.Json;
using Modular.Fixtures;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>Logs, job types, queues and workers, as they are listed.</summary>
public sealed class JobCatalogTests(JobsHost host) : IClassFixture<JobsHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Log_lines_come_in_pages_in_their_order()
    {
        var job = await host.ActAsync([.. Enumerable.Range(1, 25).Select(number => (object)new { log = $"line {number}" })]);
        await host.App.WaitForJobAsync(job.Id, "succeeded");

        var (lines, pages) = (new List<JsonElement>(), 0);
        for (string? cursor = null; pages == 0 || cursor is not null; pages++)
        {
            var page = await host.App.GetAsync<JsonElement>($"jobs/{job.Id}/logs?limit=10{(cursor is null ? "" : $"&cursor={cursor}")}");
            lines.AddRange(page.GetProperty("items").EnumerateArray());
            cursor = page.GetProperty("nextCursor").GetString();
        }

        pages.ShouldBe(3);
        lines.Select(line => line.GetProperty("message").GetString()).ShouldBe(Enumerable.Range(1, 25).Select(number => $"line {number}"));
        lines.ShouldAllBe(line => line.GetProperty("level").GetString() == "info");
        lines.Select(line => line.GetProperty("seq").GetInt32()).ShouldBe(Enumerable.Range(3, 25), "1 is queued, 2 running");
        lines[0].GetProperty("time").GetString()!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("cursor=x", "cursor")]
    public async Task A_page_of_lines_that_cannot_be_is_refused(string query, string field)
    {
        var job = await host.App.SubmitAsync("debug.noop");

        (await JobsFixture.InvalidAsync(await host.Client.GetAsync($"jobs/{job.Id}/logs?{query}", CancellationToken))).Keys.ShouldBe([field]);
    }

    [Fact]
    public async Task Of_a_line_8_KiB_are_kept()
    {
        var job = await host.ActAsync(new { log = new string('x', 8192) }, new { log = new string('y', 8193) }, new { log = new string('ü', 8192) });
        await host.App.WaitForJobAsync(job.Id, "succeeded");

        var lines = (await host.App.GetAsync<JsonElement>($"jobs/{job.Id}/logs")).GetProperty("items").EnumerateArray().Select(line => line.GetProperty("message").GetString()!).ToArray();

        lines[0].ShouldBe(new string('x', 8192));
        lines[1].ShouldBe(new string('y', 8189) + "…");
        lines[2].ShouldBe(new string('ü', 4094) + "…");
    }

    [Fact]
    public async Task Job_types_are_listed_with_their_schemas()
    {
        var types = (await host.App.GetAsync<JsonElement>("job-types")).GetProperty("items").EnumerateArray().ToDictionary(type => type.GetProperty("type").GetString()!);

        types.Keys.ShouldBe(types.Keys.Order(StringComparer.Ordinal));
        types.Keys.ShouldContain("archive.zip");
        types.Keys.ShouldContain("fixtures.repeat");
        var sleep = types["debug.sleep"];
        sleep.GetProperty("description").GetString().ShouldNotBeNullOrWhiteSpace();
        var milliseconds = sleep.GetProperty("payloadSchema").GetProperty("properties").GetProperty("milliseconds");
        milliseconds.GetProperty("type").GetString().ShouldBe("integer");
        milliseconds.GetProperty("description").GetString().ShouldBe("How long to sleep; 0 to 3600000.");
        sleep.GetProperty("payloadSchema").GetProperty("additionalProperties").GetBoolean().ShouldBeFalse();
        sleep.GetProperty("resultSchema").GetProperty("properties").GetProperty("sleptMilliseconds").GetProperty("type").GetString().ShouldBe("integer");
    }

    [Fact]
    public async Task Debug_types_exist_only_when_they_are_enabled()
    {
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string> { ["ENABLE_DEBUG_JOBS"] = "false" });

        (await app.GetAsync<JsonElement>("job-types")).GetProperty("items").EnumerateArray().ShouldAllBe(type => !type.GetProperty("type").GetString()!.StartsWith("debug."));
        using var refused = await app.PostJobAsync("debug.noop");
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_queue_shows_its_depth_and_what_operators_set()
    {
        var (queue, gate) = (JobsFixture.NewName(), JobsFixture.NewName());
        using var unknown = await host.Client.GetAsync($"queues/{queue}", CancellationToken);
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await host.LimitAsync(queue, 1);
        var running = await host.ActAsync(JobsFixture.On(queue), new { gate });
        await host.App.WaitForJobAsync(running.Id, "running");
        await host.App.SubmitAsync("debug.noop", with: JobsFixture.On(queue));
        await host.App.SubmitAsync("debug.noop", with: with => (with["queue"], with["delaySeconds"]) = (queue, 3600));
        await host.PauseAsync(queue);

        var depth = await host.App.GetAsync<JsonElement>($"queues/{queue}");

        depth.EnumerateObject().Select(member => member.Name).ShouldBe(["name", "paused", "concurrency", "scheduled", "queued", "running", "oldestQueuedSeconds"]);
        (depth.GetProperty("name").GetString(), depth.GetProperty("paused").GetBoolean(), depth.GetProperty("concurrency").GetInt32()).ShouldBe((queue, true, 1));
        new[] { "scheduled", "queued", "running" }.Select(count => depth.GetProperty(count).GetInt64()).ShouldBe([1, 1, 1]);
        depth.GetProperty("oldestQueuedSeconds").GetDouble().ShouldBeInRange(0, 60);
        await Eventually.IsTrueAsync(
            async () => (await host.App.GetAsync<JsonElement>("queues")).GetProperty("items").EnumerateArray().Any(item => JsonElement.DeepEquals(item.GetProperty("queued"), depth.GetProperty("queued")) && item.GetProperty("name").GetString() == queue),
            "the list has it, too");
        Gates.Open(gate);
    }

    [Theory]
    [InlineData("""{"concurrency":0}""", "concurrency")]
    [InlineData("""{"concurrency":-1}""", "concurrency")]
    [InlineData("""{"concurrency":"2"}""", "concurrency")]
    [InlineData("""{"paused":true}""", "paused")]
    [InlineData("", "$")]
    public async Task A_limit_that_means_nothing_is_refused(string body, string field)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");

        (await JobsFixture.InvalidAsync(await host.Client.PutAsync("queues/default", content, CancellationToken))).Keys.ShouldBe([field]);
    }

    [Theory]
    [InlineData("queues/Upper/pause")]
    [InlineData("queues/a%20b/resume")]
    public async Task A_queue_that_cannot_be_is_refused(string path) => (await JobsFixture.InvalidAsync(await host.PostAsync(path))).Keys.ShouldBe(["name"]);

    [Fact]
    public async Task A_worker_shows_what_it_does()
    {
        var gate = JobsFixture.NewName();
        var job = await host.ActAsync(new { gate });
        await host.App.WaitForJobAsync(job.Id, "running");

        // Written with the lease's next renewal.
        var worker = await Eventually.ReadAsync(
            async () => (await host.App.GetAsync<JsonElement>("workers")).GetProperty("items").EnumerateArray().Single(), worker => worker.GetProperty("active").GetInt32() >= 1, "one is active");

        worker.EnumerateObject().Select(member => member.Name).ShouldBe(["name", "version", "startedAt", "lastSeenAt", "capacity", "active", "draining"]);
        (worker.GetProperty("capacity").GetInt32(), worker.GetProperty("draining").GetBoolean()).ShouldBe((16, false));
        (await host.App.GetJobAsync(job.Id)).Attempts.Single().Worker.ShouldBe(worker.GetProperty("name").GetString());
        Gates.Open(gate);
    }
}
