using System.Diagnostics;
using System.Text.Json;
using Npgsql;

namespace Modular.Benchmarks.Scenarios;

/// <summary>The claim statement as the Host sends it, under EXPLAIN ANALYZE, rolled back each time.</summary>
internal sealed class ClaimPlan
{
    private readonly NpgsqlConnection _connection;
    private readonly int _replica;

    private ClaimPlan(NpgsqlConnection connection, int replica)
    {
        _connection = connection;
        _replica = replica;
    }

    /// <summary>The text as it arrives at the server, not a copy that could grow old here.</summary>
    public static async Task<ClaimPlan> FindAsync(NpgsqlConnection connection)
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
            {
                // Prepared and planned as in the Host's own sessions.
                await ExecuteAsync(connection, $"SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off; PREPARE claim (int, text[], int, text[]) AS {sql}");
                await using var newest = new NpgsqlCommand("SELECT max(id) FROM jobs.replica", connection);
                return new ClaimPlan(connection, (int)(await newest.ExecuteScalarAsync())!);
            }

            await timer.WaitForNextTickAsync();
        }

        throw new TimeoutException("No claim statement was seen in pg_stat_activity: this scenario looks for SKIP LOCKED and \"lease + 1\".");
    }

    /// <summary>Claims up to so many jobs and takes it back.</summary>
    public async Task<(long Rows, TimeSpan Execution, TimeSpan Planning, long Blocks, IReadOnlySet<string> Indexes)> ExplainAsync(int rows)
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand($"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE claim ({rows}, NULL, {_replica}, ARRAY['debug.noop'])", _connection);
        using var explained = JsonDocument.Parse((string)(await command.ExecuteScalarAsync())!);
        await transaction.RollbackAsync();
        var root = explained.RootElement[0];
        var plan = root.GetProperty("Plan");
        var indexes = new SortedSet<string>(StringComparer.Ordinal);
        Collect(plan, indexes);
        return (
            plan.GetProperty("Actual Rows").GetInt64(),
            TimeSpan.FromMilliseconds(root.GetProperty("Execution Time").GetDouble()),
            TimeSpan.FromMilliseconds(root.GetProperty("Planning Time").GetDouble()),
            plan.GetProperty("Shared Hit Blocks").GetInt64() + plan.GetProperty("Shared Read Blocks").GetInt64(),
            indexes);
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
