using System.Diagnostics;
using Hangfire;
using Hangfire.PostgreSql;
using Modular.Benchmarks.Scenarios;

namespace Modular.Benchmarks.Peers;

/// <summary>Hangfire on its PostgreSQL storage, in this process; LISTEN/NOTIFY on, everything else as it comes.</summary>
internal static class HangfireServer
{
    private static TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static void Noop()
    {
    }

    public static void Enter() => Volatile.Read(ref _entered).TrySetResult();

    public static async Task RunAsync(Bench bench)
    {
        var database = await bench.Server.CreateDatabaseAsync();
        try
        {
            var name = $"Hangfire.PostgreSql {typeof(PostgreSqlStorage).Assembly.GetName().Version!.ToString(3)}";
            var storage = new PostgreSqlStorage(
                new Hangfire.PostgreSql.Factories.NpgsqlConnectionFactory(database, Options),
                Options);
            var client = new BackgroundJobClient(storage);
            for (var job = 0; job < bench.Size.HangfireJobs; job++)
                client.Enqueue(() => Noop());
            await using var connection = await PeerDatabase.ConnectAsync(database);
            var clock = Stopwatch.StartNew();
            using var server = new BackgroundJobServer(new BackgroundJobServerOptions(), storage);
            var elapsed = await Drain.UntilAsync(connection, "SELECT NOT EXISTS (SELECT FROM hangfire.job WHERE statename IS DISTINCT FROM 'Succeeded')", clock);
            bench.Report.Add(new Result("hangfire", "drain, default workers", bench.Size.HangfireJobs / elapsed.TotalSeconds, "jobs/s")
            {
                Peer = name,
                Measure = Drain.Measure,
                Note = $"{bench.Size.HangfireJobs} jobs in {elapsed.TotalSeconds:0.00} s, from the start of the server until all have succeeded; jobs kept",
            });
            await LatencyAsync(bench, client, name);
            server.SendStop();
        }
        finally
        {
            await bench.Server.DropDatabaseAsync(database);
        }
    }

    private static PostgreSqlStorageOptions Options => new() { EnableLongPolling = true };

    private static async Task LatencyAsync(Bench bench, BackgroundJobClient client, string name)
    {
        var samples = new Samples();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        for (var sample = -5; sample < Math.Max(20, bench.Size.Samples / 2); sample++)
        {
            await pause.WaitForNextTickAsync();
            var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _entered, entered);
            var start = TimeProvider.System.GetTimestamp();
            client.Enqueue(() => Enter());
            await entered.Task.WaitAsync(TimeSpan.FromMinutes(1));
            if (sample >= 0)
                samples.Add(TimeProvider.System.GetElapsedTime(start));
        }

        bench.Report.Add(new Result("hangfire", "Enqueue called → method entered", null, "ms")
        {
            Peer = name,
            Measure = Pickup.Measure,
            P50 = samples.P50,
            P99 = samples.P99,
            Note = $"{samples.Count} jobs, one at a time, 25 ms apart; LISTEN/NOTIFY on",
        });
    }
}
