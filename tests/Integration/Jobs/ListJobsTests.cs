using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Modular.IntegrationTests.Jobs;

/// <summary>GET /jobs: each filter, pages, and what a row shows.</summary>
public sealed class ListJobsTests(ListJobsTests.Population population) : IClassFixture<ListJobsTests.Population>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_jobs_come_newest_first_without_what_is_heavy()
    {
        var items = await ListAsync("");

        items.Select(Seq).ShouldBe(items.Select(Seq).OrderDescending());
        items.Select(Id).ShouldBe(population.All.Values, ignoreOrder: true);
        items[0].EnumerateObject().Select(member => member.Name).ShouldBe(
            ["id", "seq", "type", "queue", "priority", "state", "error", "progress", "attempt", "maxAttempts", "tags", "metadata", "artifacts", "cancelRequestedAt", "createdAt", "runAt", "startedAt", "finishedAt"]);
    }

    [Theory]
    [InlineData("state=succeeded", "ok red,ok blue")]
    [InlineData("state=failed", "bad")]
    [InlineData("state=cancelled", "stopped")]
    [InlineData("state=queued", "waiting")]
    [InlineData("state=scheduled", "later")]
    [InlineData("state=running", "")]
    [InlineData("state=failed&state=cancelled", "bad,stopped")]
    [InlineData("state=queued&state=scheduled", "waiting,later")]
    [InlineData("state=queued&state=failed", "waiting,bad")]
    [InlineData("state=queued&state=scheduled&state=running&state=succeeded&state=failed&state=cancelled", "ok red,ok blue,bad,stopped,waiting,later")]
    [InlineData("type=debug.noop", "ok red,ok blue,stopped,waiting,later")]
    [InlineData("type=debug.fail", "bad")]
    [InlineData("type=debug.sleep", "")]
    [InlineData("queue=idle", "stopped,waiting,later")]
    [InlineData("queue=nobody", "")]
    [InlineData("tag=red", "ok red,bad")]
    [InlineData("tag=re", "")]
    [InlineData("tag=t%C3%BC%20%22%25%5C", "ok blue")]
    [InlineData("tag=red&state=succeeded", "ok red")]
    [InlineData("tag=red&state=queued", "")]
    [InlineData("type=debug.noop&queue=idle&state=queued&tag=slow", "waiting")]
    [InlineData("type=debug.noop&queue=idle&state=queued&state=cancelled", "waiting,stopped")]
    [InlineData("createdAfter=2000-01-01T00:00:00Z&createdBefore=2001-01-01T00:00:00Z", "")]
    [InlineData("createdAfter=2000-01-01T00:00:00%2B02:00", "ok red,ok blue,bad,stopped,waiting,later")]
    [InlineData("createdBefore=2000-01-01T00:00:00Z", "")]
    public async Task Filters_narrow_the_list_and_everything_given_must_hold(string query, string expected) =>
        (await ListAsync(query)).Select(Id).ShouldBe(expected.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => population.All[name]), ignoreOrder: true);

    [Fact]
    public async Task Times_and_ids_find_single_jobs()
    {
        var bad = await population.App.GetJobAsync(population.All["bad"]);
        var time = Uri.EscapeDataString(bad.CreatedAt.ToString("O"));

        (await ListAsync($"id={bad.Id}")).Select(Id).ShouldBe([bad.Id]);
        (await ListAsync($"id={bad.Id}&state=succeeded")).ShouldBeEmpty();
        (await ListAsync($"id={Guid.CreateVersion7()}")).ShouldBeEmpty();
        // Milliseconds are cut off, so the job itself lies after its own time.
        (await ListAsync($"createdAfter={time}")).Select(Id).ShouldContain(bad.Id);
        (await ListAsync($"createdBefore={time}")).Select(Seq).ShouldAllBe(seq => seq < bad.Seq);
    }

    [Theory]
    [InlineData("state=done", "state[0]")]
    [InlineData("state=queued&state=Running", "state[1]")]
    [InlineData("state=2", "state[0]")]
    [InlineData("type=Upper", "type")]
    [InlineData("queue=", "queue")]
    [InlineData("tag=", "tag")]
    [InlineData("tag=%00", "tag")]
    [InlineData("id=7", "id")]
    [InlineData("createdAfter=yesterday", "createdAfter")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=many", "limit")]
    [InlineData("cursor=***", "cursor")]
    [InlineData("cursor=bm90IGEgbnVtYmVy", "cursor")]
    public async Task A_query_that_means_nothing_is_refused_with_its_field(string query, string field)
    {
        var errors = await JobsFixture.InvalidAsync(await population.Client.GetAsync($"jobs?{query}", CancellationToken));

        errors.Keys.ShouldBe([field]);
    }

    [Fact]
    public async Task Pages_are_complete_and_without_doubles_while_new_jobs_arrive()
    {
        var (tag, queue) = (JobsFixture.NewName(), "idle");
        var known = new List<Guid>();
        for (var number = 0; number < 23; number++)
            known.Add(await SubmitAsync(tag, queue));

        var seen = new List<Guid>();
        for (string? cursor = null; ;)
        {
            var page = await population.App.GetAsync<JsonElement>($"jobs?tag={tag}&limit=5{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(Id));
            cursor = page.GetProperty("nextCursor").GetString();
            if (cursor is null)
                break;
            await SubmitAsync(tag, queue);
        }

        seen.ShouldBe(known.AsEnumerable().Reverse());
        (await ListAsync($"tag={tag}&limit=1000")).Count.ShouldBeGreaterThan(23);
        foreach (var id in (await ListAsync($"tag={tag}&limit=1000")).Select(Id))
            await JobsFixture.ExpectAsync(population.PostAsync($"jobs/{id}/cancel"), HttpStatusCode.OK);
        foreach (var id in (await ListAsync($"tag={tag}&limit=1000")).Select(Id))
            await JobsFixture.ExpectAsync(population.Client.DeleteAsync($"jobs/{id}", CancellationToken), HttpStatusCode.NoContent);
    }

    private static Guid Id(JsonElement item) => item.GetProperty("id").GetGuid();

    private static long Seq(JsonElement item) => item.GetProperty("seq").GetInt64();

    private async Task<List<JsonElement>> ListAsync(string query) =>
        [.. (await population.App.GetAsync<JsonElement>($"jobs?{query}")).GetProperty("items").EnumerateArray()];

    private async Task<Guid> SubmitAsync(string tag, string queue) =>
        (await population.App.SubmitAsync("debug.noop", with: job => (job["queue"], job["tags"]) = (queue, new JsonArray(tag)))).Id;

    /// <summary>One job in each state that stays; the queue "idle" is paused.</summary>
    public sealed class Population : JobsFixture, IAsyncLifetime
    {
        internal Dictionary<string, Guid> All { get; } = [];

        async ValueTask IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            await PauseAsync("idle");
            await AddAsync("ok red", "debug.noop", job => job["tags"] = new JsonArray("red", "fast"));
            await AddAsync("bad", "debug.fail", job => (job["tags"], job["maxAttempts"]) = (new JsonArray("red"), 1));
            await AddAsync("stopped", "debug.noop", On("idle"));
            await AddAsync("waiting", "debug.noop", job => (job["queue"], job["tags"]) = ("idle", new JsonArray("slow")));
            await AddAsync("later", "debug.noop", job => (job["queue"], job["delaySeconds"]) = ("idle", 3600));
            await AddAsync("ok blue", "debug.noop", job => job["tags"] = new JsonArray("blue", "tü \"%\\"));
            await ExpectAsync(PostAsync($"jobs/{All["stopped"]}/cancel"), HttpStatusCode.OK);
            foreach (var name in new[] { "ok red", "bad", "ok blue" })
                await App.WaitForJobAsync(All[name]);
        }

        private async Task AddAsync(string name, string type, Action<JsonObject> with) => All[name] = (await App.SubmitAsync(type, with: with)).Id;
    }
}
