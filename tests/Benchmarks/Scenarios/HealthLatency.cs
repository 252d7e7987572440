using Modular.Benchmarks.Load;

namespace Modular.Benchmarks.Scenarios;

/// <summary>How fast the health page answers, also when the replica is busy.</summary>
internal static class HealthLatency
{
    public static async Task RunAsync(Bench bench)
    {
        await using var host = await bench.StartHostAsync();
        await SampleAsync(host, 50);
        Add(bench, "GET /health, idle", await SampleAsync(host, bench.Size.Samples), "");

        var load = Wrk.PostAsync(host.Port, "jobs", """{"type":"debug.noop","payload":{},"queue":"bench"}""", 32, bench.Size.Seconds);
        var samples = await SampleAsync(host, bench.Size.Seconds * 50);
        Add(bench, "GET /health, under load", samples, $"beside {(await load).PerSecond:0} POST /jobs a second on 32 connections, workers running them");
    }

    private static byte[] Health => RawConnection.Request("GET", "health");

    private static void Add(Bench bench, string what, Samples samples, string note) =>
        bench.Report.Add(new Result("health", what, null, "ms") { P50 = samples.P50, P99 = samples.P99, Note = $"{samples.Count} requests, 15 ms apart. {note}" });

    private static async Task<Samples> SampleAsync(BenchHost host, int count)
    {
        using var connection = await RawConnection.OpenAsync(host.Port);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(15));
        var samples = new Samples();
        for (var sample = 0; sample < count; sample++)
        {
            await pause.WaitForNextTickAsync();
            var start = TimeProvider.System.GetTimestamp();
            var status = await connection.AskAsync(Health);
            samples.Add(TimeProvider.System.GetElapsedTime(start));
            if (status != 200)
                throw new InvalidOperationException($"GET /health answered {status}.");
        }

        return samples;
    }
}
