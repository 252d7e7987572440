using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Modular.IntegrationTests.Jobs;

/// <summary>The Idempotency-Key: a lost answer is asked for again, and one job stands behind both.</summary>
public sealed class IdempotencyTests(IdempotencyTests.GuardedHost host) : IClassFixture<IdempotencyTests.GuardedHost>
{
    private const string AdminKey = "an-admin-key-of-a-test-with-32-characters";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_body_again_gives_the_same_job_with_200()
    {
        var key = JobsFixture.NewName();
        var first = await JobsFixture.JsonAsync(await SendAsync("jobs", key, new { type = "debug.noop", payload = new { } }), HttpStatusCode.Created);
        var second = await JobsFixture.JsonAsync(await SendAsync("jobs", key, new { type = "debug.noop", payload = new { } }), HttpStatusCode.OK);

        second.GetProperty("id").GetGuid().ShouldBe(first.GetProperty("id").GetGuid());
        (await CountJobsAsync()).ShouldBe(await CountIdsAsync());
    }

    [Fact]
    public async Task Another_body_under_the_same_key_is_422()
    {
        var key = JobsFixture.NewName();
        await JobsFixture.JsonAsync(await SendAsync("jobs", key, new { type = "debug.noop", payload = new { } }), HttpStatusCode.Created);

        using var other = await SendAsync("jobs", key, new { type = "debug.noop", payload = new { }, priority = 1 });
        other.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
        other.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        using var batch = await SendAsync("jobs/batch", key, new { jobs = new[] { new { type = "debug.noop", payload = new { } } } });
        batch.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Of_twenty_twins_at_once_one_makes_the_job_and_all_get_it()
    {
        var key = JobsFixture.NewName();
        var before = await CountJobsAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            using var response = await SendAsync("jobs", key, new { type = "debug.noop", payload = new { } });
            return (response.StatusCode, Id: (await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken)).GetProperty("id").GetGuid());
        }));

        answers.Count(answer => answer.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(answer => answer.StatusCode == HttpStatusCode.OK).ShouldBe(19);
        answers.Select(answer => answer.Id).Distinct().ShouldHaveSingleItem();
        (await CountJobsAsync()).ShouldBe(before + 1);
    }

    [Fact]
    public async Task Twins_with_another_body_are_told_so_also_at_once()
    {
        var key = JobsFixture.NewName();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(async number =>
        {
            using var response = await SendAsync("jobs", key, new { type = "debug.noop", payload = new { }, priority = number });
            return response.StatusCode;
        }));

        answers.Count(status => status == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(status => status == HttpStatusCode.UnprocessableEntity).ShouldBe(9);
    }

    [Fact]
    public async Task A_key_belongs_to_the_API_key_that_used_it()
    {
        var key = JobsFixture.NewName();
        var body = new { type = "debug.noop", payload = new { } };
        var mine = await JobsFixture.JsonAsync(await SendAsync("jobs", key, body, await NewApiKeyAsync()), HttpStatusCode.Created);
        var theirs = await JobsFixture.JsonAsync(await SendAsync("jobs", key, body, await NewApiKeyAsync()), HttpStatusCode.Created);

        theirs.GetProperty("id").GetGuid().ShouldNotBe(mine.GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task A_batch_again_gives_the_same_ids_with_200_and_another_batch_422()
    {
        var key = JobsFixture.NewName();
        var batch = Batch(0, 0, 0);
        var first = await JobsFixture.JsonAsync(await SendAsync("jobs/batch", key, batch), HttpStatusCode.Created);
        var second = await JobsFixture.JsonAsync(await SendAsync("jobs/batch", key, batch), HttpStatusCode.OK);

        second.GetRawText().ShouldBe(first.GetRawText());
        using var other = await SendAsync("jobs/batch", key, Batch(0, 0, 1));
        other.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Batches_of_twins_at_once_are_made_once()
    {
        var key = JobsFixture.NewName();
        var before = await CountJobsAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
        {
            using var response = await SendAsync("jobs/batch", key, Batch(1, 2, 3));
            return (response.StatusCode, Ids: await response.Content.ReadAsStringAsync(CancellationToken));
        }));

        answers.Count(answer => answer.StatusCode == HttpStatusCode.Created).ShouldBe(1);
        answers.Select(answer => answer.Ids).Distinct().ShouldHaveSingleItem();
        (await CountJobsAsync()).ShouldBe(before + 3);
    }

    [Fact]
    public async Task A_key_of_more_than_200_characters_is_refused()
    {
        var body = new { type = "debug.noop", payload = new { } };
        await JobsFixture.JsonAsync(await SendAsync("jobs", new string('k', 200), body), HttpStatusCode.Created);

        (await JobsFixture.InvalidAsync(await SendAsync("jobs", new string('k', 201), body))).Keys.ShouldBe(["Idempotency-Key"]);
    }

    [Fact]
    public async Task A_refused_job_does_not_use_its_key_up()
    {
        var key = JobsFixture.NewName();
        await JobsFixture.InvalidAsync(await SendAsync("jobs", key, new { type = "no.such.type", payload = new { } }));

        await JobsFixture.JsonAsync(await SendAsync("jobs", key, new { type = "debug.noop", payload = new { } }), HttpStatusCode.Created);
    }

    private static object Batch(params int[] priorities) =>
        new { jobs = priorities.Select(priority => new { type = "debug.noop", payload = new { }, priority }).ToArray() };

    private async Task<HttpResponseMessage> SendAsync(string path, string key, object body, string apiKey = AdminKey)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        return await host.Client.SendAsync(request, CancellationToken);
    }

    private async Task<string> NewApiKeyAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api-keys") { Content = JsonContent.Create(new { name = "one", scopes = new[] { "jobs:write" } }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
        return (await JobsFixture.JsonAsync(await host.Client.SendAsync(request, CancellationToken), HttpStatusCode.Created)).GetProperty("key").GetString()!;
    }

    private Task<long> CountJobsAsync() => host.CountAsync("SELECT count(*) FROM jobs.mt_doc_submission");

    // No test of this class submits without a key, and each job belongs to one.
    private Task<long> CountIdsAsync() => host.CountAsync("SELECT coalesce(sum(cardinality(job_ids)), 0) FROM jobs.idempotency");

    public sealed class GuardedHost() : JobsFixture(new() { ["ADMIN_API_KEY"] = AdminKey });
}
