using System.Diagnostics;
using System.Text.Json;
using Npgsql;

namespace Modular.Benchmarks.Scenarios;

/// <summary>Whether claiming stays as fast when many jobs wait: the Host's own statement under EXPLAIN, rolled back each time.</summary>
internal static class Growth
{
    private const int Queues = 50;
    private const int Rows = 100;
    private const int Runs = 30;

    public static async Task RunAsync(Bench bench)
    {
        // This replica asks for a queue that stays empty: its statement is seen, and the backlog stays.
        await using var host = await bench.StartHostAsync(("WORKER_QUEUES", "nothing"));
        await using var connection = await host.ConnectAsync();
        var claim = await FindClaimAsync(connection);
        var waiting = 0;
        foreach (var backlog in bench.Size.Backlogs)
        {
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, 4).Select(part => host.SubmitAsync((backlog - waiting) / 4, Queues)));
            Console.WriteLine($"   {backlog - waiting} more jobs over HTTP in {clock.Elapsed.TotalSeconds:0.0} s");
            waiting = backlog;
            await MeasureAsync(bench, connection, claim, backlog, "as the inserts left it");
            await using (var analyze = new NpgsqlCommand("VACUUM ANALYZE jobs.entry, jobs.mt_doc_submission", connection) { CommandTimeout = 600 })
                await analyze.ExecuteNonQueryAsync();
            await MeasureAsync(bench, connection, claim, backlog, "after VACUUM ANALYZE");
        }
    }

    /// <summary>The text as it arrives at the server, not a copy that could grow old here.</summary>
    private static async Task<string> FindClaimAsync(NpgsqlConnection connection)
    {
        const string Sql = """
            SELECT query FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ~ 'SKIP LOCKED' AND query ~ 'lease \+ 1'
            """;
        await using var command = new NpgsqlCommand(Sql, connection);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(30))
        {
            if (await command.ExecuteScalarAsync() is string sql)
                return sql;
            await timer.WaitForNextTickAsync();
        }

        throw new TimeoutException("No claim statement was seen in pg_stat_activity: this scenario looks for SKIP LOCKED and \"lease + 1\".");
    }

    private static async Task MeasureAsync(Bench bench, NpgsqlConnection connection, string claim, int backlog, string when)
    {
        // Prepared like the Host's, so that PostgreSQL chooses between a custom and the generic plan as it does there.
        await ExecuteAsync(connection, $"PREPARE claim (int, text[], int) AS {claim}");
        await using var find = new NpgsqlCommand("SELECT max(id) FROM jobs.replica", connection);
        var replica = (int)(await find.ExecuteScalarAsync())!;
        var (execution, planning) = (new Samples(), new Samples());
        var indexes = new SortedSet<string>(StringComparer.Ordinal);
        var (rows, blocks) = (0L, 0L);
        for (var run = 0; run < Runs; run++)
        {
            await using var transaction = await connection.BeginTransactionAsync();
            var sql = $"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE claim ({Rows}, NULL, {replica})";
            await using (var command = new NpgsqlCommand(sql, connection))
            {
                using var explained = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!);
                var root = explained.RootElement[0];
                execution.Add(TimeSpan.FromMilliseconds(root.GetProperty("Execution Time").GetDouble()));
                planning.Add(TimeSpan.FromMilliseconds(root.GetProperty("Planning Time").GetDouble()));
                var plan = root.GetProperty("Plan");
                rows = plan.GetProperty("Actual Rows").GetInt64();
                blocks = plan.GetProperty("Shared Hit Blocks").GetInt64() + plan.GetProperty("Shared Read Blocks").GetInt64();
                Collect(plan, indexes);
            }

            await transaction.RollbackAsync();
        }

        await ExecuteAsync(connection, "DEALLOCATE claim");
        if (rows != Rows)
            throw new InvalidOperationException($"The claim took {rows} jobs instead of {Rows}: its parameters have changed, or the replica's lease is over.");
        bench.Report.Add(new Result("growth", $"claim of {rows} with {backlog:#,0} waiting, {when}", null, "ms")
        {
            P50 = execution.P50,
            P99 = execution.P99,
            Note = $"{Runs} runs, {Queues} queues; planning p50 {planning.P50:0.00} ms; {blocks} blocks; {string.Join(", ", indexes)}",
        });
    }

    private static void Collect(JsonElement node, SortedSet<string> indexes)
    {
        if (node.TryGetProperty("Index Name", out var index))
            indexes.Add(index.GetString()!);
        else if (node.GetProperty("Node Type").GetString() == "Seq Scan")
            indexes.Add($"seq scan of {node.GetProperty("Relation Name").GetString()}");
        if (node.TryGetProperty("Plans", out var plans))
        {
            foreach (var child in plans.EnumerateArray())
                Collect(child, indexes);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
