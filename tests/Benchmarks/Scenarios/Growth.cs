using System.Diagnostics;
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
        var claim = await ClaimPlan.FindAsync(connection);
        var waiting = 0;
        foreach (var backlog in bench.Size.Backlogs)
        {
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, 4).Select(part => host.SubmitAsync((backlog - waiting) / 4, Queues)));
            Console.WriteLine($"   {backlog - waiting} more jobs over HTTP in {clock.Elapsed.TotalSeconds:0.0} s");
            waiting = backlog;
            await MeasureAsync(bench, claim, backlog, "as the inserts left it");
            await using (var analyze = new NpgsqlCommand("VACUUM ANALYZE jobs.entry, jobs.mt_doc_submission", connection) { CommandTimeout = 600 })
                await analyze.ExecuteNonQueryAsync();
            await MeasureAsync(bench, claim, backlog, "after VACUUM ANALYZE");
        }
    }

    private static async Task MeasureAsync(Bench bench, ClaimPlan claim, int backlog, string when)
    {
        var (execution, planning) = (new Samples(), new Samples());
        var indexes = new SortedSet<string>(StringComparer.Ordinal);
        var blocks = 0L;
        for (var run = 0; run < Runs; run++)
        {
            var plan = await claim.ExplainAsync(Rows);
            if (plan.Rows != Rows)
                throw new InvalidOperationException($"The claim took {plan.Rows} jobs instead of {Rows}: its parameters have changed, or the replica's lease is over.");
            execution.Add(plan.Execution);
            planning.Add(plan.Planning);
            indexes.UnionWith(plan.Indexes);
            blocks = plan.Blocks;
        }

        bench.Report.Add(new Result("growth", $"claim of {Rows} with {backlog:#,0} waiting, {when}", null, "ms")
        {
            P50 = execution.P50,
            P99 = execution.P99,
            Note = $"{Runs} runs, {Queues} queues; planning p50 {planning.P50:0.00} ms; {blocks} blocks; {string.Join(", ", indexes)}",
        });
    }
}
