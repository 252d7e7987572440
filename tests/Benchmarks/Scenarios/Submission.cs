using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Modular.Benchmarks.Load;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.Benchmarks.Scenarios;

/// <summary>How many durable submissions a second the service takes over HTTP.</summary>
internal static partial class Submission
{
    private const int Connections = 32;
    private const string Job = """{"type":"debug.noop","payload":{},"queue":"bench"}""";

    public static async Task RunAsync(Bench bench)
    {
        await SinglesAsync(bench, paused: true);
        await PgBenchAsync(bench);
        await SinglesAsync(bench, paused: false);
        await BatchesAsync(bench);
    }

    private static async Task SinglesAsync(Bench bench, bool paused)
    {
        await using var host = await bench.StartHostAsync();
        // Twice as long before the clock starts: the first seconds of a process show its compiler.
        await Wrk.PostAsync(host.Port, "jobs", Job, Connections, 2 * bench.Size.Seconds);
        if (paused)
            await host.PauseAsync("bench");
        await using var connection = await host.ConnectAsync();
        var processors = await CpuClock.StartAsync(host.Pid, connection);
        var load = await Wrk.PostAsync(host.Port, "jobs", Job, Connections, bench.Size.Seconds);
        bench.Report.Add(new Result("submit", $"POST /jobs, {Connections} connections, {(paused ? "queue paused" : "workers running them")}", load.PerSecond, "requests/s")
        {
            P50 = load.P50,
            P99 = load.P99,
            Measure = paused ? "single durable writes at 32 clients" : null,
            Note = $"{load.Requests} requests in {bench.Size.Seconds} s; the load generator shares the cores. {processors.Per(load.Requests, "request")}",
        });
    }

    private static async Task BatchesAsync(Bench bench)
    {
        await using var host = await bench.StartHostAsync();
        await host.PauseAsync("bench");
        await host.SubmitAsync(1_000);
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => host.SubmitAsync(bench.Size.BatchedJobs / 4)));
        bench.Report.Add(new Result("submit", "POST /jobs/batch, 4 connections, 500 jobs each", bench.Size.BatchedJobs / clock.Elapsed.TotalSeconds, "jobs/s")
        {
            Note = $"{bench.Size.BatchedJobs} jobs in {clock.Elapsed.TotalSeconds:0.00} s, queue paused",
        });
    }

    private static async Task PgBenchAsync(Bench bench)
    {
        var program = Path.Combine(await PostgresBinaries.FindOrInstallAsync(), "pgbench");
        if (!File.Exists(program))
            throw new FileNotFoundException("pgbench comes with PostgreSQL's server or contrib package; install it.", program);
        var database = await bench.Server.CreateDatabaseAsync();
        try
        {
            var server = new NpgsqlConnectionStringBuilder(database);
            var environment = new Dictionary<string, string?> { ["PGPASSWORD"] = server.Password };
            string[] target = ["-h", server.Host!, "-p", server.Port.ToString(CultureInfo.InvariantCulture), "-U", server.Username!, server.Database!];
            await Command.RunAsync(program, ["-i", "-q", "-s", "10", .. target], TimeSpan.FromMinutes(5), environment);
            await Bench.ExecuteAsync(bench.Server.ConnectionString, "CHECKPOINT");
            var output = await Command.RunAsync(
                program,
                ["-N", "-c", $"{Connections}", "-j", "2", "-T", bench.Size.Seconds.ToString(CultureInfo.InvariantCulture), .. target],
                TimeSpan.FromSeconds(bench.Size.Seconds + 60),
                environment);
            bench.Report.Add(new Result("submit", $"pgbench -N -c {Connections} -j 2, scale 10", Read(TransactionRate(), output), "transactions/s")
            {
                Peer = "pgbench -N",
                Measure = "single durable writes at 32 clients",
                Note = $"average latency {Read(AverageLatency(), output):0.0} ms",
            });
        }
        finally
        {
            await bench.Server.DropDatabaseAsync(database);
        }
    }

    private static double Read(Regex number, string output) => double.Parse(number.Match(output).Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(?<=^tps = )[0-9.]+", RegexOptions.Multiline)]
    private static partial Regex TransactionRate();

    [GeneratedRegex(@"(?<=^latency average = )[0-9.]+", RegexOptions.Multiline)]
    private static partial Regex AverageLatency();
}
