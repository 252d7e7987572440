using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Modular.Fixtures;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>The event stream: numbered from 1, the same for every reader, and exactly resumable.</summary>
public sealed class JobEventsTests(JobsHost host) : IClassFixture<JobsHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_is_never_buffered_compressed_or_cached_and_begins_at_once()
    {
        var gate = JobsFixture.NewName();
        var job = await host.ActAsync(new { gate });
        await host.App.WaitForJobAsync(job.Id, "running");
        // At a resume point where nothing has happened since: no event will come.
        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{job.Id}/events") { Headers = { { "Last-Event-ID", "2" }, { "Accept-Encoding", "gzip, br" } } };

        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(CancellationToken);
        var first = new byte[64];
        var count = await stream.ReadAsync(first, CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(5), CancellationToken);

        Encoding.UTF8.GetString(first, 0, count).ShouldBe("retry: 2000\n\n");
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        response.Content.Headers.ContentEncoding.ShouldBeEmpty();
        response.Headers.CacheControl!.ToString().ShouldContain("no-cache");
        response.Headers.GetValues("X-Accel-Buffering").ShouldBe(["no"]);
        Gates.Open(gate);
    }

    [Fact]
    public async Task Without_a_resume_point_a_snapshot_comes_first_and_then_what_happens()
    {
        var gate = JobsFixture.NewName();
        var job = await host.ActAsync(new { log = "before" }, new { gate }, new { log = "after" });
        await Eventually.IsTrueAsync(async () => (await host.App.GetAsync<JsonElement>($"jobs/{job.Id}/logs")).GetProperty("items").GetArrayLength() == 1, "the first line is written");

        await using var events = host.App.ReadEventsAsync(job.Id, cancellationToken: CancellationToken).GetAsyncEnumerator(CancellationToken);
        (await events.MoveNextAsync()).ShouldBeTrue();
        var snapshot = events.Current;
        Gates.Open(gate);
        var rest = new List<JobEvent>();
        while (await events.MoveNextAsync())
            rest.Add(events.Current);

        (snapshot.Event, snapshot.Id).ShouldBe(("snapshot", 3));
        snapshot.Data.GetProperty("state").GetString().ShouldBe("running");
        snapshot.Data.GetProperty("id").GetGuid().ShouldBe(job.Id);
        rest.Select(item => (item.Id, item.Event)).ShouldBe([(4, "log"), (5, "state"), (6, "end")]);
        rest[0].Data.GetProperty("message").GetString().ShouldBe("after");
    }

    [Fact]
    public async Task A_snapshot_of_a_job_that_has_ended_is_all_there_is()
    {
        var job = await host.App.SubmitAsync("debug.noop");
        var done = await host.App.WaitForJobAsync(job.Id, "succeeded");

        var snapshot = (await host.EventsAsync(job.Id, lastEventId: null)).ShouldHaveSingleItem();

        (snapshot.Event, snapshot.Id).ShouldBe(("snapshot", 4));
        snapshot.Data.GetProperty("state").GetString().ShouldBe("succeeded");
        snapshot.Data.GetProperty("finishedAt").GetDateTimeOffset().ShouldBe(done.FinishedAt!.Value);
    }

    [Fact]
    public async Task From_the_start_every_reader_sees_the_same_numbered_events_live_or_later()
    {
        var (queue, gate) = (JobsFixture.NewName(), JobsFixture.NewName());
        await host.PauseAsync(queue);
        var job = await host.ActAsync(
            with => (with["queue"], with["backoff"]) = (queue, JsonSerializer.SerializeToNode(new { kind = "fixed", baseSeconds = 1 })),
            new { log = "one", progress = 10 }, new { onAttempt = 1, fail = true, message = "again" }, new { gate }, new { log = "two" }, new { log = "three", progress = 90 });
        var first = host.EventsAsync(job.Id);
        await host.ResumeAsync(queue);
        await host.App.WaitForJobAsync(job.Id, "running");
        var second = host.EventsAsync(job.Id);
        await Eventually.IsTrueAsync(async () => (await host.App.GetJobAsync(job.Id)) is { State: "running", Attempt: 2 }, "the second attempt runs");
        Gates.Open(gate);

        var live = Text(await first);
        live.ShouldBe(Text(await second));
        live.ShouldBe(Text(await host.EventsAsync(job.Id)));
        var events = await host.EventsAsync(job.Id);
        events.Select(item => item.Id).ShouldBe(Numbers(events.Count));
        events.Where(item => item.Event is "state").Select(item => item.Data.GetProperty("state").GetString()).ShouldBe(["queued", "running", "scheduled", "queued", "running", "succeeded"]);
        events.Where(item => item.Event is "log").Select(item => item.Data.GetProperty("message").GetString()).ShouldBe(["one", "one", "two", "three"]);
        events[^1].Event.ShouldBe("end");
    }

    [Fact]
    public async Task A_resume_at_every_possible_point_gives_exactly_the_rest()
    {
        var job = await host.ActAsync(
            new { log = "a", times = 3 }, new { progress = 40, message = "m" }, new { onAttempt = 1, giveUp = true, message = "once" }, new { log = "b", times = 3 });
        await host.App.WaitForJobAsync(job.Id, "failed");
        await JobsFixture.ExpectAsync(host.PostAsync($"jobs/{job.Id}/retry"), HttpStatusCode.Accepted);
        await host.App.WaitForJobAsync(job.Id, "succeeded");
        var all = await host.EventsAsync(job.Id);
        all.Count.ShouldBeGreaterThan(15);

        for (var cut = 0; cut < all.Count; cut++)
            Text(await host.EventsAsync(job.Id, cut)).ShouldBe(Text(all.Skip(cut)), $"resumed after {cut}");
    }

    [Fact]
    public async Task A_client_that_has_seen_the_end_gets_204_until_a_retry_adds_events()
    {
        var job = await host.ActAsync(new { onAttempt = 1, giveUp = true, message = "no" });
        await host.App.WaitForJobAsync(job.Id, "failed");
        var end = (await host.EventsAsync(job.Id))[^1].Id;

        await JobsFixture.ExpectAsync(AskAsync(job.Id, header: end), HttpStatusCode.NoContent);
        await JobsFixture.ExpectAsync(AskAsync(job.Id, query: end), HttpStatusCode.NoContent);
        await JobsFixture.ExpectAsync(AskAsync(job.Id, query: end + 1000), HttpStatusCode.NoContent);
        await JobsFixture.ExpectAsync(host.PostAsync($"jobs/{job.Id}/retry"), HttpStatusCode.Accepted);

        var more = await host.EventsAsync(job.Id, end);
        more.Select(item => item.Id).ShouldBe(Numbers(more.Count).Select(number => end + number));
        more.Select(item => item.Event).ShouldBe(["state", "state", "state", "end"]);
    }

    [Fact]
    public async Task The_header_of_a_reconnecting_browser_wins_over_the_address_it_kept()
    {
        var job = await host.App.SubmitAsync("debug.noop");
        await host.App.WaitForJobAsync(job.Id, "succeeded");

        await JobsFixture.ExpectAsync(AskAsync(job.Id, header: 4, query: 0), HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("abc")]
    public async Task A_resume_point_that_is_none_is_refused(string point)
    {
        var job = await host.App.SubmitAsync("debug.noop");

        (await JobsFixture.InvalidAsync(await host.Client.GetAsync($"jobs/{job.Id}/events?lastEventId={point}", CancellationToken))).Keys.ShouldBe(["lastEventId"]);
    }

    [Fact]
    public async Task Progress_is_coalesced_and_its_last_value_is_kept()
    {
        var job = await host.ActAsync(new { progress = 100, times = 5000, message = "m" });
        var done = await host.App.WaitForJobAsync(job.Id, "succeeded");

        var progress = (await host.EventsAsync(job.Id)).Where(item => item.Event == "progress").ToArray();

        progress.Length.ShouldBeLessThan(100);
        progress[^1].Data.GetProperty("percent").GetDouble().ShouldBe(100);
        progress[^1].Data.GetProperty("message").GetString().ShouldBe("m");
        progress.Select(item => item.Data.GetProperty("percent").GetDouble()).ShouldBeInOrder();
        done.Progress.ShouldBe(new JobProgressAnswer(100, "m"));
    }

    [Fact]
    public async Task After_10000_log_lines_one_says_truncated_and_the_rest_is_dropped()
    {
        var gate = JobsFixture.NewName();
        // The second burst finds the cap in the database, the first one perhaps in memory.
        var job = await host.ActAsync(new { log = "l", times = 10_050 }, new { gate }, new { log = "more", times = 5, progress = 1 });
        await Eventually.IsTrueAsync(
            async () => await host.CountAsync($"SELECT log_lines FROM jobs.entry WHERE id = '{job.Id}'") == 10_001, "the first burst is written", TimeSpan.FromSeconds(20));
        Gates.Open(gate);
        await host.App.WaitForJobAsync(job.Id, "succeeded");

        var events = await host.EventsAsync(job.Id);

        events.Select(item => item.Id).ShouldBe(Numbers(events.Count));
        var lines = events.Where(item => item.Event == "log").Select(item => (item.Data.GetProperty("level").GetString(), item.Data.GetProperty("message").GetString())).ToArray();
        lines.Length.ShouldBe(10_001);
        lines.Take(10_000).ShouldAllBe(line => line.Item2 == "l");
        lines[^1].ShouldBe(("warning", "truncated"));
        events.Count(item => item.Event == "progress").ShouldBe(1, "progress goes on");
    }

    [Fact]
    public async Task A_stream_whose_job_is_deleted_ends()
    {
        var queue = JobsFixture.NewName();
        await host.PauseAsync(queue);
        var job = await host.App.SubmitAsync("debug.noop", with: JobsFixture.On(queue));
        await using var events = host.App.ReadEventsAsync(job.Id, 0, CancellationToken).GetAsyncEnumerator(CancellationToken);
        (await events.MoveNextAsync()).ShouldBeTrue();

        await JobsFixture.ExpectAsync(host.PostAsync($"jobs/{job.Id}/cancel"), HttpStatusCode.OK);
        await JobsFixture.ExpectAsync(host.Client.DeleteAsync($"jobs/{job.Id}", CancellationToken), HttpStatusCode.NoContent);

        while (await events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15), CancellationToken))
            events.Current.Event.ShouldBeOneOf("state", "end");
    }

    [Fact]
    public async Task Many_readers_of_many_jobs_each_see_everything()
    {
        var jobs = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.App.SubmitAsync("debug.sleep", new { milliseconds = 200, steps = 4 })));

        var streams = await Task.WhenAll(jobs.SelectMany(job => Enumerable.Repeat(job, 4)).Select(async job => (job.Id, Text: Text(await host.EventsAsync(job.Id)))));

        foreach (var job in streams.GroupBy(stream => stream.Id))
            job.Select(stream => string.Join('\n', stream.Text)).Distinct().ShouldHaveSingleItem().ShouldContain("end");
    }

    private static IEnumerable<long> Numbers(int count) => Enumerable.Range(1, count).Select(number => (long)number);

    private static string[] Text(IEnumerable<JobEvent> events) => [.. events.Select(item => $"{item.Id} {item.Event} {item.Data.GetRawText()}")];

    private async Task<HttpResponseMessage> AskAsync(Guid id, long? header = null, long? query = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{id}/events{(query is null ? "" : $"?lastEventId={query}")}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (header is not null)
            request.Headers.Add("Last-Event-ID", header.ToString());
        return await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken);
    }
}
