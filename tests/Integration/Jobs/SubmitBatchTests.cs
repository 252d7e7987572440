using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Modular.IntegrationTests.Jobs;

/// <summary>POST /jobs/batch: all or nothing, in the order given.</summary>
public sealed class SubmitBatchTests(JobsHost host) : IClassFixture<JobsHost>
{
    [Fact]
    public async Task A_thousand_jobs_are_accepted_and_their_ids_come_in_the_order_of_the_request()
    {
        var queue = JobsFixture.NewName();
        await host.PauseAsync(queue);

        var ids = await SubmitAsync(1000, queue);

        ids.Length.ShouldBe(1000);
        ids.Distinct().Count().ShouldBe(1000);
        // The list is newest first; each job carries its place in the request.
        var jobs = await host.App.GetAsync<JsonElement>($"jobs?queue={queue}&limit=1000");
        var listed = jobs.GetProperty("items").EnumerateArray().Reverse().ToArray();
        listed.Select(job => job.GetProperty("id").GetGuid()).ShouldBe(ids);
        listed.Select(job => job.GetProperty("metadata").GetProperty("place").GetString()).ShouldBe(Enumerable.Range(0, 1000).Select(place => place.ToString()));
    }

    [Fact]
    public async Task One_job_is_a_batch()
    {
        var ids = await SubmitAsync(1, "default");

        (await host.App.WaitForJobAsync(ids.ShouldHaveSingleItem(), "succeeded")).Type.ShouldBe("debug.noop");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public async Task A_batch_of_none_or_of_more_than_a_thousand_is_refused(int size)
    {
        var errors = await RefusedAsync(new { jobs = Jobs(size, "default") });

        errors["jobs"].ShouldBe("must be 1 to 1000 jobs");
    }

    [Fact]
    public async Task One_bad_job_among_five_hundred_refuses_all_and_is_named()
    {
        var jobs = Jobs(500, "default");
        jobs[3]!["type"] = "no.such.type";
        jobs[499]!["payload"] = new JsonObject { ["surprise"] = 1 };

        var errors = await RefusedAsync(new { jobs });

        errors.Keys.ShouldBe(["jobs[3].type", "jobs[499].payload.surprise"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("""{}""", "jobs")]
    [InlineData("""{"jobs":null}""", "jobs")]
    [InlineData("""{"jobs":{}}""", "jobs")]
    [InlineData("""{"jobs":[null]}""", "jobs[0]")]
    [InlineData("""{"jobs":[7]}""", "jobs[0]")]
    [InlineData("""{"jobs":[{"type":"debug.noop","payload":{}},{"type":"debug.noop","payload":{},"surprise":1}]}""", "jobs[1].surprise")]
    [InlineData("""{"jobs":[{"type":"debug.noop","payload":{},"backoff":{"baseSeconds":0}}]}""", "jobs[0].backoff.baseSeconds")]
    [InlineData("""{"jobs":[{"type":"debug.noop","payload":{},"tags":["x",7]}]}""", "jobs[0].tags[1]")]
    [InlineData("""{"jobs":[],"surprise":1}""", "surprise")]
    [InlineData("""[]""", "$")]
    [InlineData("""{"jobs":[""", "$")]
    public async Task A_body_that_does_not_fit_is_refused_with_its_place(string body, string field)
    {
        var errors = await JobsFixture.InvalidAsync(await host.PostTextAsync("jobs/batch", body));

        errors.Keys.ShouldContain(field);
    }

    private async Task<Dictionary<string, string>> RefusedAsync(object body)
    {
        var before = await host.CountAsync("SELECT count(*) FROM jobs.mt_doc_submission");
        var errors = await JobsFixture.InvalidAsync(await host.PostAsync("jobs/batch", body));
        (await host.CountAsync("SELECT count(*) FROM jobs.mt_doc_submission")).ShouldBe(before, "nothing is stored");
        return errors;
    }

    private async Task<Guid[]> SubmitAsync(int size, string queue)
    {
        var answer = await JobsFixture.JsonAsync(await host.PostAsync("jobs/batch", new { jobs = Jobs(size, queue) }), HttpStatusCode.Created);
        return [.. answer.GetProperty("ids").EnumerateArray().Select(id => id.GetGuid())];
    }

    private static JsonArray Jobs(int size, string queue) => [.. Enumerable.Range(0, size).Select(place => (JsonNode)new JsonObject
    {
        ["type"] = "debug.noop", ["payload"] = new JsonObject(), ["queue"] = queue, ["metadata"] = new JsonObject { ["place"] = place.ToString() },
    })];
}
