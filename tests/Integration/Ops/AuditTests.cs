using System.Net;
using System.Text.Json;
using static Modular.IntegrationTests.Ops.GuardedHost;

namespace Modular.IntegrationTests.Ops;

/// <summary>What operators did, and who they were.</summary>
public sealed class AuditTests(GuardedHost host) : IClassFixture<GuardedHost>
{
    [Fact]
    public async Task It_tells_who_did_what_to_what_from_where()
    {
        var (id, key) = await host.CreateKeyAsync(["ops"], name: "an operator");
        using var made = await host.SendAsync(HttpMethod.Post, "api-keys", key, new { name = "a child", scopes = new[] { "ops" } });
        var child = (await JsonAsync(made, HttpStatusCode.Created)).GetProperty("id").GetString()!;
        (await host.StatusAsync(HttpMethod.Delete, $"api-keys/{child}", key)).ShouldBe(HttpStatusCode.NoContent);

        var entries = (await EntriesAsync()).Where(entry => entry.GetProperty("target").GetString() == child).ToArray();

        entries.Select(entry => entry.GetProperty("action").GetString()).ShouldBe(["key.revoke", "key.create"], "Newest first.");
        foreach (var entry in entries)
        {
            entry.GetProperty("actor").GetString().ShouldBe($"an operator ({id})");
            entry.GetProperty("clientIp").GetString().ShouldBe("127.0.0.1");
            entry.GetProperty("at").GetDateTimeOffset().ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
        }

        entries[1].GetProperty("detail").GetString().ShouldBe("a child: ops");
        entries[1].GetRawText().ShouldNotContain("mk_");
    }

    [Fact]
    public async Task What_was_refused_leaves_no_entry()
    {
        var absent = Guid.NewGuid();
        (await host.StatusAsync(HttpMethod.Delete, $"api-keys/{absent}")).ShouldBe(HttpStatusCode.NotFound);
        (await host.StatusAsync(HttpMethod.Post, "api-keys", AdminKey, new { name = "refused", scopes = new[] { "root" } })).ShouldBe(HttpStatusCode.BadRequest);

        (await EntriesAsync()).ShouldNotContain(entry =>
            entry.GetProperty("target").GetString() == absent.ToString() || (entry.GetProperty("detail").GetString() ?? "").Contains("refused"));
    }

    [Fact]
    public async Task What_has_no_transaction_of_its_own_is_recorded_too()
    {
        (await host.StatusAsync(HttpMethod.Put, "log-level", AdminKey, new { level = "error" })).ShouldBe(HttpStatusCode.OK);

        (await EntriesAsync()).ShouldContain(entry =>
            entry.GetProperty("action").GetString() == "log-level.set" && entry.GetProperty("detail").GetString()!.EndsWith("→ error"));
    }

    [Fact]
    public async Task Pausing_a_queue_is_an_operators_action()
    {
        (await host.StatusAsync(HttpMethod.Post, "queues/audited/pause")).ShouldBe(HttpStatusCode.NoContent);
        (await host.StatusAsync(HttpMethod.Post, "queues/audited/resume")).ShouldBe(HttpStatusCode.NoContent);

        var actions = (await EntriesAsync()).Where(entry => entry.GetProperty("target").GetString() == "audited").Select(entry => entry.GetProperty("action").GetString());
        actions.ShouldBe(["queue.resume", "queue.pause"]);
    }

    [Fact]
    public async Task Limiting_a_queue_is_one_too()
    {
        (await host.StatusAsync(HttpMethod.Put, "queues/limited", AdminKey, new { concurrency = 3 })).ShouldBe(HttpStatusCode.OK);
        (await host.StatusAsync(HttpMethod.Put, "queues/limited", AdminKey, new { concurrency = (int?)null })).ShouldBe(HttpStatusCode.OK);

        var entries = (await EntriesAsync()).Where(entry => entry.GetProperty("target").GetString() == "limited").ToArray();
        entries.ShouldAllBe(entry => entry.GetProperty("action").GetString() == "queue.limit");
        entries.Select(entry => entry.GetProperty("detail").GetString()).ShouldBe(["no limit", "at most 3 at once"]);
    }

    [Fact]
    public async Task So_is_acting_on_many_jobs_at_once_but_not_looking_at_them()
    {
        var tag = $"bulk-{Guid.NewGuid():N}";
        foreach (var _ in Enumerable.Range(0, 2))
        {
            using var made = await host.SendAsync(HttpMethod.Post, "jobs", AdminKey, new { type = "debug.noop", payload = new { }, tags = new[] { tag }, delaySeconds = 3600 });
            made.StatusCode.ShouldBe(HttpStatusCode.Created);
        }

        (await host.StatusAsync(HttpMethod.Post, "jobs/bulk", AdminKey, new { action = "cancel", filter = new { tag }, dryRun = true })).ShouldBe(HttpStatusCode.OK);
        (await host.StatusAsync(HttpMethod.Post, "jobs/bulk", AdminKey, new { action = "cancel", filter = new { tag }, expectedCount = 7 })).ShouldBe(HttpStatusCode.Conflict);
        (await EntriesAsync()).ShouldNotContain(entry => (entry.GetProperty("detail").GetString() ?? "").Contains(tag));
        (await host.StatusAsync(HttpMethod.Post, "jobs/bulk", AdminKey, new { action = "cancel", filter = new { tag } })).ShouldBe(HttpStatusCode.OK);

        var entry = (await EntriesAsync()).Where(entry => (entry.GetProperty("detail").GetString() ?? "").Contains(tag)).ShouldHaveSingleItem();
        (entry.GetProperty("action").GetString(), entry.GetProperty("target").GetString(), entry.GetProperty("actor").GetString()).ShouldBe(("jobs.bulk", "cancel", "admin"));
        entry.GetProperty("detail").GetString().ShouldBe($"2 jobs: {{\"tag\":\"{tag}\"}}");
    }

    [Theory]
    [InlineData("cursor=garbage", "cursor")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=x", "limit")]
    public async Task A_page_that_cannot_be_is_refused(string query, string field)
    {
        using var response = await host.SendAsync(HttpMethod.Get, $"audit?{query}");

        (await JsonAsync(response, HttpStatusCode.BadRequest)).GetProperty("errors").TryGetProperty(field, out _).ShouldBeTrue();
    }

    private async Task<JsonElement[]> EntriesAsync() => [.. (await host.GetAsync("audit?limit=1000")).GetProperty("items").EnumerateArray()];
}
