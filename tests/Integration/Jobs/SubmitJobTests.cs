using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Modular.IntegrationTests.Jobs;

/// <summary>POST /jobs: what is accepted, what it looks like, and what is refused at the door.</summary>
public sealed class SubmitJobTests(JobsHost host) : IClassFixture<JobsHost>
{
    private static readonly string[] Members =
    [
        "id", "seq", "type", "queue", "priority", "state", "payload", "result", "error", "progress", "attempt", "maxAttempts", "attempts",
        "tags", "metadata", "artifacts", "waitingFor", "cancelRequestedAt", "createdAt", "runAt", "startedAt", "finishedAt",
    ];

    [Fact]
    public async Task A_job_is_created_with_its_address_and_every_member()
    {
        var queue = JobsFixture.NewName();
        await host.PauseAsync(queue);
        using var response = await host.App.PostJobAsync("debug.sleep", new { milliseconds = 5, steps = 2 }, job =>
        {
            job["queue"] = queue;
            job["priority"] = -100;
            job["maxAttempts"] = 50;
            job["timeoutSeconds"] = 86400;
            job["backoff"] = new JsonObject { ["kind"] = "fixed", ["baseSeconds"] = 1, ["maxSeconds"] = 86400 };
            job["tags"] = new JsonArray("demo", "ü");
            job["metadata"] = new JsonObject { ["ticket"] = "42", ["Case"] = "" };
        });

        response.StatusCode.ShouldBe(HttpStatusCode.Created);
        response.Headers.GetValues("X-Request-Id").ShouldHaveSingleItem();
        response.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var job = await JobsFixture.JsonAsync(response, HttpStatusCode.Created);
        var id = job.GetProperty("id").GetGuid();
        id.Version.ShouldBe(7);
        response.Headers.Location!.ToString().ShouldBe($"/api/v1/jobs/{id}");
        job.EnumerateObject().Select(member => member.Name).ShouldBe(Members, ignoreOrder: true);
        job.GetProperty("seq").GetInt64().ShouldBePositive();
        job.GetProperty("type").GetString().ShouldBe("debug.sleep");
        job.GetProperty("queue").GetString().ShouldBe(queue);
        job.GetProperty("priority").GetInt32().ShouldBe(-100);
        job.GetProperty("state").GetString().ShouldBe("queued");
        job.GetProperty("payload").GetRawText().ShouldBe("""{"milliseconds":5,"steps":2}""");
        job.GetProperty("attempt").GetInt32().ShouldBe(0);
        job.GetProperty("maxAttempts").GetInt32().ShouldBe(50);
        job.GetProperty("attempts").GetArrayLength().ShouldBe(0);
        job.GetProperty("artifacts").GetArrayLength().ShouldBe(0);
        job.GetProperty("tags").GetRawText().ShouldBe("""["demo","ü"]""");
        job.GetProperty("metadata").GetProperty("Case").GetString().ShouldBe("");
        foreach (var absent in new[] { "result", "error", "progress", "cancelRequestedAt", "runAt", "startedAt", "finishedAt" })
            job.GetProperty(absent).ValueKind.ShouldBe(JsonValueKind.Null, absent);
        job.GetProperty("createdAt").GetString()!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$");

        using var again = await host.Client.GetAsync(response.Headers.Location, TestContext.Current.CancellationToken);
        var read = await JobsFixture.JsonAsync(again, HttpStatusCode.OK);
        foreach (var member in job.EnumerateObject().Where(member => member.Name is not "waitingFor"))
            JsonElement.DeepEquals(read.GetProperty(member.Name), member.Value).ShouldBeTrue(member.Name);
        read.GetProperty("waitingFor").GetString().ShouldBe($"queue '{queue}' is paused");
    }

    [Fact]
    public async Task What_is_left_out_gets_its_default()
    {
        var job = await JobsFixture.JsonAsync(await host.PostTextAsync("jobs", """{"type":"debug.noop","payload":{}}"""), HttpStatusCode.Created);

        job.GetProperty("queue").GetString().ShouldBe("default");
        job.GetProperty("priority").GetInt32().ShouldBe(0);
        job.GetProperty("maxAttempts").GetInt32().ShouldBe(5);
        job.GetProperty("tags").GetArrayLength().ShouldBe(0);
        job.GetProperty("metadata").EnumerateObject().ShouldBeEmpty();
        var id = job.GetProperty("id").GetGuid();
        (await host.CountAsync(
            $$"""
            SELECT count(*) FROM jobs.mt_doc_submission WHERE id = '{{id}}' AND (data ->> 'timeoutSeconds')::int = 3600
            AND data -> 'backoff' = '{"kind": "exponential", "baseSeconds": 5, "maxSeconds": 3600}'
            """)).ShouldBe(1);
    }

    [Fact]
    public async Task Null_for_what_may_be_left_out_is_the_same_as_leaving_it_out()
    {
        using var response = await host.PostTextAsync(
            "jobs", """{"type":"debug.noop","payload":{},"runAt":null,"delaySeconds":null,"backoff":null,"tags":null,"metadata":null}""");

        response.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("""{"payload":{}}""", "type")]
    [InlineData("""{"type":null,"payload":{}}""", "type")]
    [InlineData("""{"type":"","payload":{}}""", "type")]
    [InlineData("""{"type":"Debug.noop","payload":{}}""", "type")]
    [InlineData("""{"type":"no.such.type","payload":{}}""", "type")]
    [InlineData("""{"type":7,"payload":{}}""", "type")]
    [InlineData("""{"type":"debug.noop"}""", "payload")]
    [InlineData("""{"type":"debug.noop","payload":null}""", "payload")]
    [InlineData("""{"type":"debug.noop","payload":[]}""", "payload")]
    [InlineData("""{"type":"debug.noop","payload":"text"}""", "payload")]
    [InlineData("""{"type":"debug.noop","payload":{"surprise":1}}""", "payload.surprise")]
    [InlineData("""{"type":"debug.noop","payload":{"x":1,"x":2}}""", "payload.x")]
    [InlineData("""{"type":"debug.sleep","payload":{"milliseconds":-1}}""", "payload.milliseconds")]
    [InlineData("""{"type":"debug.sleep","payload":{"milliseconds":3600001}}""", "payload.milliseconds")]
    [InlineData("""{"type":"debug.sleep","payload":{"milliseconds":"5"}}""", "payload.milliseconds")]
    [InlineData("""{"type":"debug.sleep","payload":{"milliseconds":1e999}}""", "payload.milliseconds")]
    [InlineData("""{"type":"debug.sleep","payload":{"milliseconds":1e9999}}""", "payload.milliseconds")]
    [InlineData("""{"type":"debug.sleep","payload":{"steps":1001}}""", "payload.steps")]
    [InlineData("""{"type":"debug.fail","payload":{"message":"a\u0000b"}}""", "payload.message")]
    [InlineData("""{"type":"debug.fail","payload":{"message":"\ud800"}}""", "payload.message")]
    [InlineData("""{"type":"debug.fail","payload":{"\ud800":1}}""", "payload")]
    public Task A_type_or_payload_that_cannot_run_is_refused_now(string body, string field) => RefusedAsync(body, field);

    [Theory]
    [InlineData("\"queue\":\"\"", "queue")]
    [InlineData("\"queue\":null", "queue")]
    [InlineData("\"queue\":\"Upper\"", "queue")]
    [InlineData("\"queue\":\".dot\"", "queue")]
    [InlineData("\"queue\":\"a\\n\"", "queue")]
    [InlineData("\"queue\":\"a234567890123456789012345678901234567890123456789012345678901234x\"", "queue")]
    [InlineData("\"priority\":-101", "priority")]
    [InlineData("\"priority\":101", "priority")]
    [InlineData("\"priority\":null", "priority")]
    [InlineData("\"maxAttempts\":0", "maxAttempts")]
    [InlineData("\"maxAttempts\":51", "maxAttempts")]
    [InlineData("\"timeoutSeconds\":0", "timeoutSeconds")]
    [InlineData("\"timeoutSeconds\":86401", "timeoutSeconds")]
    [InlineData("\"delaySeconds\":-1", "delaySeconds")]
    [InlineData("\"delaySeconds\":31622401", "delaySeconds")]
    [InlineData("\"runAt\":\"2999-01-01T00:00:00Z\"", "runAt")]
    [InlineData("\"runAt\":\"soon\"", "runAt")]
    [InlineData("\"runAt\":\"2026-01-01T00:00:00Z\",\"delaySeconds\":1", "delaySeconds")]
    [InlineData("\"backoff\":{\"baseSeconds\":0}", "backoff.baseSeconds")]
    [InlineData("\"backoff\":{\"baseSeconds\":86401,\"maxSeconds\":86400}", "backoff.baseSeconds")]
    [InlineData("\"backoff\":{\"maxSeconds\":86401}", "backoff.maxSeconds")]
    [InlineData("\"backoff\":{\"baseSeconds\":10,\"maxSeconds\":9}", "backoff.maxSeconds")]
    [InlineData("\"backoff\":{\"kind\":\"linear\"}", "backoff.kind")]
    [InlineData("\"tags\":[\"\"]", "tags")]
    [InlineData("\"tags\":[null]", "tags")]
    [InlineData("\"tags\":[\"a\\u0000\"]", "tags")]
    [InlineData("\"tags\":[\"\\ud800\"]", "tags[0]")]
    [InlineData("\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\"]", "tags")]
    [InlineData("\"metadata\":{\"\":\"x\"}", "metadata")]
    [InlineData("\"metadata\":{\"a\":null}", "metadata")]
    [InlineData("\"metadata\":{\"a\":1}", "metadata.a")]
    [InlineData("\"metadata\":{\"a\":\"\\u0000\"}", "metadata")]
    [InlineData("\"metadata\":{\"a\\u0000\":\"\"}", "metadata")]
    [InlineData("\"surprise\":1", "surprise")]
    [InlineData("\"Queue\":\"default\"", "Queue")]
    [InlineData("\"queue\":\"a\",\"queue\":\"b\"", "queue")]
    public Task Each_bound_of_the_contract_is_held(string members, string field) =>
        RefusedAsync($$"""{"type":"debug.noop","payload":{},{{members}}}""", field);

    [Fact]
    public async Task Texts_and_counts_at_their_bounds_are_accepted_and_beyond_them_refused()
    {
        await AcceptedAsync(new { tags = Texts(16, 64) }, new { metadata = Entries(32, 64, 512) }, new { queue = new string('q', 64) });
        await RefusedAsync(new { tags = Texts(1, 65) }, "tags");
        await RefusedAsync(new { metadata = Entries(33, 2, 0) }, "metadata");
        await RefusedAsync(new { metadata = Entries(1, 65, 0) }, "metadata");
        await RefusedAsync(new { metadata = Entries(1, 1, 513) }, "metadata");

        static string[] Texts(int count, int length) => [.. Enumerable.Range(0, count).Select(number => number.ToString().PadLeft(length, 'x'))];
        static Dictionary<string, string> Entries(int count, int key, int value) => Texts(count, key).ToDictionary(name => name, _ => new string('v', value));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("not json")]
    [InlineData("""{"type":"debug.noop","payload":{},}""")]
    [InlineData("[]")]
    [InlineData("null")]
    public Task A_body_that_is_no_job_is_refused_as_a_whole(string body) => RefusedAsync(body, "$");

    [Fact]
    public Task A_body_that_is_nested_too_deep_is_refused() =>
        RefusedAsync($$$"""{"type":"fixtures.act","payload":{"steps":[],"result":{{{new string('[', 100)}}}{{{new string(']', 100)}}}}}""", "$");

    [Fact]
    public async Task Another_content_type_is_415()
    {
        using var response = await host.PostTextAsync("jobs", """{"type":"debug.noop","payload":{}}""", "text/plain");

        response.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Fact]
    public async Task A_payload_of_256_KiB_is_accepted_and_one_byte_more_is_not()
    {
        const int limit = 256 * 1024;
        var frame = """{"steps":[],"result":""}""".Length;
        var queue = JobsFixture.NewName();
        await host.PauseAsync(queue);

        using var accepted = await host.PostTextAsync("jobs", Body(limit - frame));
        accepted.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await RefusedAsync(Body(limit - frame + 1), "payload")).ShouldContain("256 KiB");

        string Body(int characters) => $$$"""{"type":"fixtures.act","queue":"{{{queue}}}","payload":{"steps":[],"result":"{{{new string('x', characters)}}}"}}""";
    }

    [Fact]
    public async Task Several_faults_are_told_together()
    {
        var errors = await JobsFixture.InvalidAsync(await host.PostTextAsync("jobs", """{"type":"Bad Type","queue":"","priority":500,"payload":7}"""));

        errors.Keys.ShouldBe(["type", "queue", "priority", "payload"], ignoreOrder: true);
        errors["priority"].ShouldBe("must be from -100 to 100");
    }

    private async Task<string> RefusedAsync(string body, string field)
    {
        var before = await CountAsync();
        var errors = await JobsFixture.InvalidAsync(await host.PostTextAsync("jobs", body));
        errors.Keys.ShouldContain(field);
        errors[field].ShouldNotBeNullOrWhiteSpace();
        (await CountAsync()).ShouldBe(before, "nothing is stored");
        return errors[field];
    }

    private async Task RefusedAsync(object members, string field) => await RefusedAsync(Body(members), field);

    private async Task AcceptedAsync(params object[] members)
    {
        foreach (var given in members)
            await JobsFixture.JsonAsync(await host.PostTextAsync("jobs", Body(given)), HttpStatusCode.Created);
    }

    private static string Body(object members)
    {
        var job = JsonSerializer.SerializeToNode(members)!.AsObject();
        job["type"] = "debug.noop";
        job["payload"] = new JsonObject();
        return job.ToJsonString();
    }

    // The tests of one class run one after the other, so nobody else submits meanwhile.
    private Task<long> CountAsync() => host.CountAsync("SELECT count(*) FROM jobs.mt_doc_submission");
}
