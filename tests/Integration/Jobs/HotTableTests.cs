using System.Net;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.IntegrationTests.Jobs;

/// <summary>Rows of the hot table that no claim takes. Each test has a service of its own.</summary>
public sealed class HotTableTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Dead_rows_are_removed_before_autovacuum_comes()
    {
        await using var app = await ModularApp.StartAsync();
        await using var connection = await app.Deployment.ConnectAsync();
        await connection.ExecuteAsync("ALTER TABLE jobs.entry SET (autovacuum_enabled = false)");
        await connection.ExecuteAsync(
            """
            INSERT INTO jobs.entry (id, seq, queue, priority, state, max_attempts, run_at)
            SELECT gen_random_uuid(), n, 'gone', 0, 0, 1, 'infinity' FROM generate_series(1, 20000) AS n
            """);
        await connection.ExecuteAsync("DELETE FROM jobs.entry WHERE queue = 'gone'");

        await Eventually.PassesAsync(async () =>
        {
            // An idle replica does not look.
            await app.SubmitAsync("debug.noop");
            await using var command = new NpgsqlCommand("SELECT vacuum_count, n_dead_tup FROM pg_stat_user_tables WHERE relid = 'jobs.entry'::regclass", connection);
            await using var reader = await command.ExecuteReaderAsync(CancellationToken);
            (await reader.ReadAsync(CancellationToken)).ShouldBeTrue();
            reader.GetInt64(0).ShouldBeGreaterThan(0);
            reader.GetInt64(1).ShouldBeLessThan(10_000);
        });
    }

    [Fact]
    public async Task A_job_type_that_this_replica_does_not_know_waits_for_one_that_does()
    {
        await using var app = await ModularApp.StartAsync();
        await PostAsync(app, "queues/mixed/pause", HttpStatusCode.NoContent);
        var unknown = await app.SubmitAsync("debug.noop", with: JobsFixture.On("mixed"));
        var known = await app.SubmitAsync("debug.noop", with: JobsFixture.On("mixed"));
        // As a newer replica would have submitted it.
        await using var connection = await app.Deployment.ConnectAsync();
        await connection.ExecuteAsync($"UPDATE jobs.entry SET type = 'future.thing' WHERE id = '{unknown.Id}'");
        await connection.ExecuteAsync($"UPDATE jobs.mt_doc_submission SET type = 'future.thing', data = data || '{{\"type\": \"future.thing\"}}' WHERE id = '{unknown.Id}'");

        await PostAsync(app, "queues/mixed/resume", HttpStatusCode.NoContent);
        await app.WaitForJobAsync(known.Id, "succeeded");

        var waiting = await app.GetJobAsync(unknown.Id);
        (waiting.State, waiting.Attempt).ShouldBe(("queued", 0));
        waiting.WaitingFor.ShouldBe("this replica does not know the job type 'future.thing'; it waits for one that does");
    }

    private static async Task PostAsync(ModularApp app, string path, HttpStatusCode expected)
    {
        using var response = await app.Client.PostAsync(path, content: null, CancellationToken);
        response.StatusCode.ShouldBe(expected);
    }
}
