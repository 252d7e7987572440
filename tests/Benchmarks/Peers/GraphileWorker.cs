using System.Diagnostics;
using Modular.Benchmarks.Scenarios;
using Npgsql;

namespace Modular.Benchmarks.Peers;

/// <summary>graphile-worker with the settings of its own performance page; it deletes a job when it is done.</summary>
internal static class GraphileWorker
{
    private const string Package = "graphile";

    public static async Task RunAsync(Bench bench)
    {
        await NodeProcess.InstallAsync(Package);
        foreach (var mode in new[] { "plain", "local" })
        {
            // Two processes may use two cores better, or only disturb the database: the better of both counts.
            var runs = new List<(double Rate, int Processes)>();
            foreach (var processes in new[] { 1, 2 })
                runs.Add((await DrainAsync(bench, mode, processes), processes));
            var (rate, best) = runs.Max();
            bench.Report.Add(new Result("graphile", $"drain, {Describe(mode)}", rate, "jobs/s")
            {
                Peer = Name(mode),
                Measure = Drain.Measure,
                Note = $"{bench.Size.Jobs} jobs that become visible by one commit to idle workers, until the database has none; {best} process(es), the other run {runs.Min().Rate:#,0}/s; 24 at once each; jobs deleted when done",
            });
        }

        var latencies = new List<Result>();
        foreach (var mode in new[] { "plain", "local" })
            latencies.Add(await LatencyAsync(bench, mode));
        bench.Report.Add(latencies.MinBy(result => result.P50)!);
    }

    private static string Name(string mode) => $"graphile-worker {NodeProcess.Version(Package, "graphile-worker")}{(mode == "local" ? " local queue" : "")}";

    private static string Describe(string mode) => mode == "local" ? "local queue of 500, batched completion" : "without local queue";

    private static async Task<double> DrainAsync(Bench bench, string mode, int processes)
    {
        var database = await bench.Server.CreateDatabaseAsync();
        try
        {
            var url = PeerDatabase.Url(database);
            await using (var migrate = NodeProcess.Start(Package, url, "migrate"))
                await migrate.ExpectAsync("ready");
            var workers = Enumerable.Range(0, processes).Select(_ => NodeProcess.Start(Package, url, "work", mode)).ToArray();
            try
            {
                foreach (var worker in workers)
                    await worker.ExpectAsync("ready");
                await AddAsync(database, bench.Size.Jobs);
                await using var connection = await PeerDatabase.ConnectAsync(database);
                await Drain.UntilAsync(connection, Empty, Stopwatch.StartNew());
                var clock = await AddAsync(database, bench.Size.Jobs);
                var elapsed = await Drain.UntilAsync(connection, Empty, clock);
                return bench.Size.Jobs / elapsed.TotalSeconds;
            }
            finally
            {
                foreach (var worker in workers)
                    await worker.DisposeAsync();
            }
        }
        finally
        {
            await bench.Server.DropDatabaseAsync(database);
        }
    }

    private const string Empty = "SELECT NOT EXISTS (SELECT FROM graphile_worker._private_jobs)";

    /// <summary>Adds the jobs in one transaction; the clock that comes back started just before the commit.</summary>
    private static async Task<Stopwatch> AddAsync(string database, int jobs)
    {
        await using var connection = await PeerDatabase.ConnectAsync(database);
        await using var transaction = await connection.BeginTransactionAsync();
        const string Sql = """
            SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
              SELECT json_populate_record(NULL::graphile_worker.job_spec, '{"identifier":"noop","payload":{}}') FROM generate_series(1, $1)))
            """;
        await using (var command = new NpgsqlCommand(Sql, connection) { Parameters = { new() { Value = jobs } }, CommandTimeout = 300 })
            await command.ExecuteNonQueryAsync();
        var clock = Stopwatch.StartNew();
        await transaction.CommitAsync();
        return clock;
    }

    private static async Task<Result> LatencyAsync(Bench bench, string mode)
    {
        var database = await bench.Server.CreateDatabaseAsync();
        try
        {
            await using var worker = NodeProcess.Start(Package, PeerDatabase.Url(database), "latency", mode, $"{bench.Size.Samples}");
            var samples = await worker.ReadSamplesAsync();
            return new Result("graphile", $"addJob called → task entered, {Describe(mode)}", null, "ms")
            {
                Peer = Name(mode),
                Measure = Pickup.Measure,
                P50 = samples.P50,
                P99 = samples.P99,
                Note = $"{samples.Count} jobs, one at a time, 25 ms apart; the better of both modes",
            };
        }
        finally
        {
            await bench.Server.DropDatabaseAsync(database);
        }
    }
}
