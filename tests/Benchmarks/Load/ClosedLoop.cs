using System.Diagnostics;
using System.Text;

namespace Modular.Benchmarks.Load;

/// <summary>What a load phase gave.</summary>
internal sealed record LoadResult(double PerSecond, Samples Latency, long Requests);

/// <summary>A number of clients, each with one request in flight on its own connection.</summary>
internal static class ClosedLoop
{
    /// <summary>Runs for a time; any other status than <paramref name="expected"/> fails.</summary>
    public static async Task<LoadResult> RunAsync(int port, int connections, TimeSpan length, byte[] request, int expected)
    {
        var open = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => RawConnection.OpenAsync(port)));
        try
        {
            var clock = Stopwatch.StartNew();
            var parts = await Task.WhenAll(open.Select(connection => Task.Run(() => LoopAsync(connection, clock, length, request, expected))));
            var seconds = clock.Elapsed.TotalSeconds;
            var all = Samples.Merge(parts);
            return new LoadResult(all.Count / seconds, all, all.Count);
        }
        finally
        {
            Array.ForEach(open, connection => connection.Dispose());
        }
    }

    private static async Task<Samples> LoopAsync(RawConnection connection, Stopwatch clock, TimeSpan length, byte[] request, int expected)
    {
        var samples = new Samples();
        for (var start = clock.Elapsed; start < length;)
        {
            var status = await connection.AskAsync(request);
            if (status != expected)
                throw new InvalidOperationException($"Expected {expected}, got {status}: {Encoding.UTF8.GetString(connection.Body)}");
            var end = clock.Elapsed;
            samples.Add(end - start);
            start = end;
        }

        return samples;
    }
}
