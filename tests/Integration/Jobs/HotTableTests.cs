using System.Net;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.IntegrationTests.Jobs;

/// <summary>What stands in the hot table although no client put it there just so. Each test has a service of its own.</summary>
public sealed class HotTableTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Dead_rows_are_removed_before_autovacuum_comes()
    {
        await using var app = await ModularApp.StartAsync();
        await using var connection = await app.Deployment.ConnectAsync();
        await ExecuteAsync(connection, "ALTER TABLE jobs.entry SET (autovacuum_enabled = false)");
        await ExecuteAsync(
            connection,
            """
            INSERT INTO jobs.entry (id, seq, queue, priority, state, max_attempts, run_at)
            SELECT gen_random_uuid(), n, 'gone', 0, 0, 1, 'infinity' FROM generate_series(1, 20000) AS n
            """);
        await ExecuteAsync(connection, "DELETE FROM jobs.entry WHERE queue = 'gone'");

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
    public async Task An_idle_replica_asks_the_database_less_than_twice_a_second()
    {
        // A server of its own, without autovacuum, whose visits are transactions too; counted from another database than the service's.
        await using var postgres = await PostgresCluster.CreateAsync();
        await using var deployment = await Deployment.CreateAsync(postgres: postgres);
        await using var connection = new NpgsqlConnection(postgres.ConnectionString);
        await connection.OpenAsync(CancellationToken);
        await ExecuteAsync(connection, "ALTER SYSTEM SET autovacuum = off");
        await ExecuteAsync(connection, "SELECT pg_reload_conf()");
        await using var app = await ModularApp.StartAsync(deployment);
        await app.WaitForJobAsync((await app.SubmitAsync("debug.noop")).Id, "succeeded");
        var database = new NpgsqlConnectionStringBuilder(deployment.ConnectionString).Database!;

        // Not the start's and the job's transactions, which idle connections hand in up to ten seconds late.
        var ready = (await CountAsync(0)).Seconds;
        var from = await CountAsync(ready + 12);
        var to = await CountAsync(ready + 32);
        ((to.Transactions - from.Transactions) / (to.Seconds - from.Seconds)).ShouldBeInRange(0.2, 2);

        Task<(long Transactions, double Seconds)> CountAsync(double seconds) => Eventually.ReadAsync(
            async () =>
            {
                await using var command = new NpgsqlCommand(
                    """
                    SELECT d.xact_commit, extract(epoch FROM clock_timestamp() - a.backend_start)::float8
                    FROM pg_stat_database d, pg_stat_activity a WHERE d.datname = $1 AND a.pid = pg_backend_pid()
                    """,
                    connection) { Parameters = { new NpgsqlParameter { Value = database } } };
                await using var reader = await command.ExecuteReaderAsync(CancellationToken);
                await reader.ReadAsync(CancellationToken);
                return (Transactions: reader.GetInt64(0), Seconds: reader.GetDouble(1));
            },
            count => count.Seconds >= seconds,
            "the time is over",
            TimeSpan.FromSeconds(60));
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
        await ExecuteAsync(connection, $"UPDATE jobs.entry SET type = 'future.thing' WHERE id = '{unknown.Id}'");
        await ExecuteAsync(connection, $"UPDATE jobs.mt_doc_submission SET type = 'future.thing', data = data || '{{\"type\": \"future.thing\"}}' WHERE id = '{unknown.Id}'");

        await PostAsync(app, "queues/mixed/resume", HttpStatusCode.NoContent);
        await app.WaitForJobAsync(known.Id, "succeeded");

        var waiting = await app.GetJobAsync(unknown.Id);
        (waiting.State, waiting.Attempt).ShouldBe(("queued", 0));
        waiting.WaitingFor.ShouldBe("this replica does not know the job type 'future.thing'; it waits for one that does");
    }

    [Fact]
    public async Task Of_queues_there_are_a_thousand_at_most()
    {
        await using var app = await ModularApp.StartAsync();
        await app.WaitForJobAsync((await app.SubmitAsync("debug.noop", with: JobsFixture.On("early"))).Id, "succeeded");
        await using var connection = await app.Deployment.ConnectAsync();
        await ExecuteAsync(connection, "INSERT INTO jobs.queue (name) SELECT 'q' || n FROM generate_series(1, 999) AS n");

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
        await ExecuteAsync(
            connection,
            """
            CREATE FUNCTION jobs.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '40001'; END $$;
            CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON jobs.idempotency DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION jobs.refuse();
            """);
        using (var keyed = new HttpRequestMessage(HttpMethod.Post, "jobs") { Content = Json("young"), Headers = { { "Idempotency-Key", "k" } } })
        using (var failed = await app.Client.SendAsync(keyed, CancellationToken))
            ((int)failed.StatusCode).ShouldBeGreaterThanOrEqualTo(500);

        await ExecuteAsync(connection, "DROP TRIGGER refuse ON jobs.idempotency");
        await app.WaitForJobAsync((await app.SubmitAsync("debug.noop", with: JobsFixture.On("young"))).Id, "succeeded");
    }

    private static StringContent Json(string queue) => new($$"""{"type":"debug.noop","payload":{},"queue":"{{queue}}"}""", System.Text.Encoding.UTF8, "application/json");

    private static async Task PostAsync(ModularApp app, string path, HttpStatusCode expected)
    {
        using var response = await app.Client.PostAsync(path, content: null, CancellationToken);
        response.StatusCode.ShouldBe(expected);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(CancellationToken);
    }
}
