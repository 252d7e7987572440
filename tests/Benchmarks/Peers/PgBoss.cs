using System.Diagnostics;
using Modular.Benchmarks.Scenarios;

namespace Modular.Benchmarks.Peers;

/// <summary>pg-boss with large batches, fetched without a pause while they come full; its finished jobs are kept.</summary>
internal static class PgBoss
{
    private const string Package = "pgboss";

    public static async Task RunAsync(Bench bench)
    {
        await NodeProcess.InstallAsync(Package);
        var name = $"pg-boss {NodeProcess.Version(Package, "pg-boss")}";
        var database = await bench.Server.CreateDatabaseAsync();
        try
        {
            var url = PeerDatabase.Url(database);
            await DrainAsync(bench, name, database, batch: 500, bench.Size.Jobs, Drain.Measure);

            await using var latency = NodeProcess.Start(Package, url, "latency", $"{bench.Size.Samples}");
            var samples = await latency.ReadSamplesAsync();
            bench.Report.Add(new Result("pgboss", "send called → handler entered, LISTEN/NOTIFY on", null, "ms")
            {
                Peer = name,
                Measure = Pickup.Measure,
                P50 = samples.P50,
                P99 = samples.P99,
                Note = $"{samples.Count} jobs, one at a time, 25 ms apart",
            });
        }
        finally
        {
            await bench.Server.DropDatabaseAsync(database);
        }
    }

    private static async Task DrainAsync(Bench bench, string name, string database, int batch, int jobs, string measure)
    {
        var url = PeerDatabase.Url(database);
        await using (var fill = NodeProcess.Start(Package, url, "fill", $"{jobs}"))
            await fill.ExpectAsync("ready");
        await using var worker = NodeProcess.Start(Package, url, "work", $"{batch}");
        await worker.ExpectAsync("ready");
        await using var connection = await PeerDatabase.ConnectAsync(database);
        var clock = Stopwatch.StartNew();
        await worker.TellAsync("go");
        var elapsed = await Drain.UntilAsync(connection, "SELECT NOT EXISTS (SELECT FROM pgboss.job WHERE name = 'noop' AND state < 'completed')", clock);
        bench.Report.Add(new Result("pgboss", $"drain, batches of {batch}", jobs / elapsed.TotalSeconds, "jobs/s")
        {
            Peer = name,
            Measure = measure,
            Note = $"{jobs} jobs in {elapsed.TotalSeconds:0.00} s, from the start of the worker (already connected) until none is unfinished; a batch is one call of the handler; burstWhenBatchFull; jobs kept",
        });
    }
}
