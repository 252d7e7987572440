using System.Net;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>Queues come into being with their first job. Each test has a service of its own.</summary>
public sealed class QueueRowTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_queues_there_are_a_thousand_at_most()
    {
        await using var app = await ModularApp.StartAsync();
        await app.WaitForJobAsync((await app.SubmitAsync("debug.noop", with: JobsFixture.On("early"))).Id, "succeeded");
        await using var connection = await app.Deployment.ConnectAsync();
        await connection.ExecuteAsync("INSERT INTO jobs.queue (name) SELECT 'q' || n FROM generate_series(1, 999) AS n");

        using var refused = await app.Client.PostAsync("jobs", Json("late"), CancellationToken);
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await refused.Content.ReadAsStringAsync(CancellationToken)).ShouldContain("would make 'late' one queue more than the 1000 that there may be");
        foreach (var name in new[] { "early", "q500" })
            await app.WaitForJobAsync((await app.SubmitAsync("debug.noop", with: JobsFixture.On(name))).Id, "succeeded");
    }

    [Fact]
    public async Task A_queue_whose_first_submission_was_rolled_back_is_claimed_from_all_the_same()
    {
        await using var app = await ModularApp.StartAsync();
        await using var connection = await app.Deployment.ConnectAsync();
        await connection.ExecuteAsync(
            """
            CREATE FUNCTION jobs.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$;
            CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON jobs.idempotency DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION jobs.refuse();
            """);
        using (var keyed = new HttpRequestMessage(HttpMethod.Post, "jobs") { Content = Json("young"), Headers = { { "Idempotency-Key", "k" } } })
        using (var failed = await app.Client.SendAsync(keyed, CancellationToken))
            ((int)failed.StatusCode).ShouldBeGreaterThanOrEqualTo(500);

        await connection.ExecuteAsync("DROP TRIGGER refuse ON jobs.idempotency");
        await app.WaitForJobAsync((await app.SubmitAsync("debug.noop", with: JobsFixture.On("young"))).Id, "succeeded");
    }

    private static StringContent Json(string queue) => new($$"""{"type":"debug.noop","payload":{},"queue":"{{queue}}"}""", System.Text.Encoding.UTF8, "application/json");
}
