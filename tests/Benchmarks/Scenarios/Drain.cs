using System.Diagnostics;
using Npgsql;

namespace Modular.Benchmarks.Scenarios;

/// <summary>How fast waiting jobs are worked off.</summary>
internal static class Drain
{
    public const string Measure = "drain";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public static async Task RunAsync(Bench bench)
    {
        await RunAsync(bench, "no-op jobs, default concurrency", bench.Size.Jobs, measure: Measure);
        await RunAsync(bench, "no-op jobs, 64 KiB payloads", bench.Size.LargeJobs, payloadBytes: 64 << 10);
        await RunAsync(bench, "no-op jobs, one at a time (WORKER_CONCURRENCY=1)", bench.Size.Jobs, concurrency: "1");
    }

    /// <summary>Asks until <paramref name="sql"/> answers true; gives back the time since <paramref name="clock"/> started.</summary>
    public static async Task<TimeSpan> UntilAsync(NpgsqlConnection connection, string sql, Stopwatch clock, TimeSpan? limit = null)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.PrepareAsync();
        using var timer = new PeriodicTimer(Interval);
        while (!(bool)(await command.ExecuteScalarAsync())!)
        {
            if (clock.Elapsed > (limit ?? TimeSpan.FromMinutes(10)))
                throw new TimeoutException($"Not true after {clock.Elapsed.TotalSeconds:0} s: {sql}");
            await timer.WaitForNextTickAsync();
        }

        return clock.Elapsed;
    }

    private static async Task RunAsync(Bench bench, string what, int jobs, int payloadBytes = 0, string? concurrency = null, string? measure = null)
    {
        await using var host = concurrency is null ? await bench.StartHostAsync() : await bench.StartHostAsync(("WORKER_CONCURRENCY", concurrency));
        // Three times as many jobs before the clock starts: the first seconds of a process show its compiler.
        await using var connection = await host.ConnectAsync();
        await host.SubmitAsync(3 * jobs);
        await UntilAsync(connection, "SELECT NOT EXISTS (SELECT FROM jobs.entry)", Stopwatch.StartNew());
        await host.PauseAsync("bench");
        await host.SubmitAsync(jobs, payloadBytes: payloadBytes);

        var processors = await CpuClock.StartAsync(host.Pid, connection);
        var clock = Stopwatch.StartNew();
        await host.ResumeAsync("bench");
        var elapsed = await UntilAsync(connection, "SELECT NOT EXISTS (SELECT FROM jobs.entry)", clock);
        var used = processors.Per(jobs, "job");
        bench.Report.Add(new Result("drain", what, jobs / elapsed.TotalSeconds, "jobs/s")
        {
            Measure = measure,
            Note = $"{jobs} jobs in {elapsed.TotalSeconds:0.00} s, from resume until the database has no unfinished one; batches of up to 500; results kept. {used}",
        });
    }
}
