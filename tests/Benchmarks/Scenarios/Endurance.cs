using System.Diagnostics;
using Npgsql;

namespace Modular.Benchmarks.Scenarios;

/// <summary>Whether a claim costs the same after ten minutes at full rate: dead rows pile up where jobs come and go.</summary>
internal static class Endurance
{
    private const int Rows = 100;
    private const int Backlog = 20_000;
    private const int Batch = 2_000;

    // Cumulative statistics: counting the rows themselves would load what is measured.
    private const string Counts =
        """
        SELECT (SELECT n_tup_ins FROM pg_stat_user_tables WHERE schemaname = 'jobs' AND relname = 'mt_doc_outcome'),
               n_dead_tup, pg_total_relation_size(relid) / 1048576.0, vacuum_count + autovacuum_count
        FROM pg_stat_user_tables WHERE schemaname = 'jobs' AND relname = 'entry'
        """;

    public static async Task RunAsync(Bench bench)
    {
        await using var host = await bench.StartHostAsync();
        await using var connection = await host.ConnectAsync();
        using var stop = new CancellationTokenSource();
        var load = SubmitAsync(host, stop.Token);
        var claim = await ClaimPlan.FindAsync(connection);
        var length = TimeSpan.FromSeconds(bench.Size.EnduranceSeconds);
        var clock = Stopwatch.StartNew();
        var (since, before) = (TimeSpan.Zero, (await CountAsync(connection)).Finished);
        using var timer = new PeriodicTimer(length / 10);
        while (clock.Elapsed < length)
        {
            await timer.WaitForNextTickAsync();
            var counts = await CountAsync(connection);
            var execution = new Samples();
            for (var run = 0; run < 20; run++)
                execution.Add((await claim.ExplainAsync(Rows)).Execution);
            var at = clock.Elapsed;
            bench.Report.Add(new Result("endurance", $"after {at.TotalSeconds:0} s: claim of {Rows} in", (counts.Finished - before) / (at - since).TotalSeconds, "jobs/s")
            {
                P50 = execution.P50,
                P99 = execution.P99,
                Note = $"{counts.Finished:#,0} jobs done; jobs.entry: {counts.Dead:#,0} dead rows, {counts.MiB:0.0} MiB with indexes, {counts.Vacuums} vacuums",
            });
            (since, before) = (at, counts.Finished);
        }

        await stop.CancelAsync();
        await load;
    }

    /// <summary>Keeps jobs waiting, without growing the backlog beyond what a busy service has.</summary>
    private static async Task SubmitAsync(BenchHost host, CancellationToken cancellationToken)
    {
        await using var connection = await host.ConnectAsync();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (long submitted = 0; !cancellationToken.IsCancellationRequested;)
        {
            if (submitted - (await CountAsync(connection)).Finished < Backlog)
            {
                await host.SubmitAsync(Batch);
                submitted += Batch;
            }
            else
            {
                await pause.WaitForNextTickAsync(CancellationToken.None);
            }
        }
    }

    private static async Task<(long Finished, long Dead, double MiB, long Vacuums)> CountAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Counts, connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1), (double)reader.GetDecimal(2), reader.GetInt64(3));
    }
}
