using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.IntegrationTests.Jobs;

/// <summary>What a replica asks of the database while nothing happens.</summary>
public sealed class IdleCostTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_idle_replica_asks_the_database_less_than_twice_a_second()
    {
        // A server of its own, without autovacuum, whose visits are transactions too; counted from another database than the service's.
        await using var postgres = await PostgresCluster.CreateAsync();
        await using var deployment = await Deployment.CreateAsync(postgres: postgres);
        await using var connection = new NpgsqlConnection(postgres.ConnectionString);
        await connection.OpenAsync(CancellationToken);
        await connection.ExecuteAsync("ALTER SYSTEM SET autovacuum = off");
        await connection.ExecuteAsync("SELECT pg_reload_conf()");
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
}
