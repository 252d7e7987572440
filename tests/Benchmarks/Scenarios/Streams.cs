using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Modular.Benchmarks.Load;

namespace Modular.Benchmarks.Scenarios;

/// <summary>Many clients that watch a few jobs on one replica.</summary>
internal static class Streams
{
    private const int Steps = 20;
    private const int Milliseconds = 5_000;

    public static async Task RunAsync(Bench bench)
    {
        var (streams, jobs) = (bench.Size.Streams, bench.Size.StreamedJobs);
        await using var host = await bench.StartHostAsync(("WORKER_CONCURRENCY", $"{jobs}"));
        await host.PauseAsync("bench");
        await host.SubmitAsync(jobs, type: "debug.sleep", payload: $$"""{"milliseconds":{{Milliseconds}},"steps":{{Steps}}}""");
        var ids = await ReadIdsAsync(host);
        var idle = host.ResidentBytes;

        var watchers = await Task.WhenAll(Enumerable.Range(0, streams).Select(index => Watcher.OpenAsync(host.Port, ids[index % ids.Count])));
        var clock = Stopwatch.StartNew();
        var watching = watchers.Select(watcher => watcher.WatchAsync()).ToArray();
        await Task.WhenAll(watchers.Select(watcher => watcher.Opened));
        var opened = clock.Elapsed;
        var open = host.ResidentBytes;
        clock.Restart();
        await host.ResumeAsync("bench");
        await Task.WhenAll(watching).WaitAsync(TimeSpan.FromMinutes(5));
        var elapsed = clock.Elapsed;
        var after = host.ResidentBytes;

        var delay = new Samples(watchers.Select(watcher => watcher.EndDelay.TotalMilliseconds));
        var events = watchers.Sum(watcher => watcher.Events);
        var note = $"{streams} streams of {jobs} jobs that run {Milliseconds / 1000} s with {Steps} steps";
        bench.Report.Add(new Result("streams", "from the resume until every stream saw its end", elapsed.TotalSeconds, "s") { Note = $"{note}; all open after {opened.TotalSeconds:0.00} s" });
        bench.Report.Add(new Result("streams", "events sent", events / elapsed.TotalSeconds, "events/s") { Note = $"{events} events" });
        bench.Report.Add(new Result("streams", "end in the database → seen by the client", null, "ms") { P50 = delay.P50, P99 = delay.P99, Note = $"same machine, same clock; slowest {delay.Max:0} ms" });
        bench.Report.Add(new Result("streams", "resident with all streams open", open / (double)(1 << 20), "MiB")
        {
            Note = $"{idle >> 20} MiB before, {after >> 20} MiB at the end",
        });
        Array.ForEach(watchers, watcher => watcher.Dispose());
    }

    private static async Task<IReadOnlyList<string>> ReadIdsAsync(BenchHost host)
    {
        using var list = JsonDocument.Parse(await host.Client.GetStringAsync("jobs?queue=bench&limit=1000"));
        return [.. list.RootElement.GetProperty("items").EnumerateArray().Select(job => job.GetProperty("id").GetString()!)];
    }

    /// <summary>One client on one stream, from the start of the job's events to their end.</summary>
    private sealed class Watcher(RawConnection connection, string job) : IDisposable
    {
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly StringBuilder _tail = new();

        public Task Opened => _opened.Task;

        public int Events { get; private set; }

        /// <summary>From the time in the end event to its arrival.</summary>
        public TimeSpan EndDelay { get; private set; }

        public static async Task<Watcher> OpenAsync(int port, string job) => new(await RawConnection.OpenAsync(port), job);

        public async Task WatchAsync()
        {
            await connection.StreamAsync(RawConnection.Request("GET", $"jobs/{job}/events?lastEventId=0"), Read);
            if (EndDelay == TimeSpan.Zero)
                throw new InvalidOperationException($"The stream of job {job} closed without an end after {Events} events: {_tail}");
        }

        public void Dispose() => connection.Dispose();

        private bool Read(ReadOnlyMemory<byte> bytes)
        {
            _tail.Append(Encoding.UTF8.GetString(bytes.Span));
            var text = _tail.ToString();
            var complete = text.LastIndexOf("\n\n", StringComparison.Ordinal);
            if (complete < 0)
                return true;
            _tail.Remove(0, complete + 2);
            foreach (var frame in text[..complete].Split("\n\n"))
            {
                if (!frame.Contains("event: ", StringComparison.Ordinal))
                    continue;
                Events++;
                _opened.TrySetResult();
                if (frame.Contains("event: end\n", StringComparison.Ordinal))
                {
                    var at = frame.LastIndexOf("\"at\":\"", StringComparison.Ordinal) + 6;
                    EndDelay = TimeProvider.System.GetUtcNow() - DateTimeOffset.Parse(frame.AsSpan(at, frame.IndexOf('"', at) - at), CultureInfo.InvariantCulture);
                    return false;
                }
            }

            return true;
        }
    }
}
