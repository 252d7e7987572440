using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Modular.Benchmarks.Scenarios;

/// <summary>What the process takes, at rest and while much more than that streams through.</summary>
internal static class Memory
{
    private const string Key = "objects/bench/large.bin";

    public static async Task RunAsync(Bench bench)
    {
        var size = bench.Size.StreamedBytes;
        await using var host = await bench.StartHostAsync(("MAX_REQUEST_SIZE_MB", $"{(size >> 20) + 1}"));
        await Task.Delay(TimeSpan.FromSeconds(3));
        Add(bench, "resident, idle", host.ResidentBytes, "3 s after it was ready");

        using var stop = new CancellationTokenSource();
        var peak = WatchAsync(host, stop.Token);
        var clock = Stopwatch.StartNew();
        await UploadAsync(host, size);
        var upload = clock.Elapsed;
        clock.Restart();
        await DownloadAsync(host, size);
        var download = clock.Elapsed;
        await stop.CancelAsync();
        Add(bench, $"resident, highest while {size >> 20} MiB stream in and out", await peak, $"filesystem store; {Rate(size, upload)} in, {Rate(size, download)} out");
    }

    private static string Rate(long size, TimeSpan time) => $"{(size >> 20) / time.TotalSeconds:0} MiB/s";

    private static void Add(Bench bench, string what, long bytes, string note) =>
        bench.Report.Add(new Result("memory", what, bytes / (double)(1 << 20), "MiB") { Note = note });

    private static async Task<long> WatchAsync(BenchHost host, CancellationToken cancellationToken)
    {
        var highest = host.ResidentBytes;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
                highest = Math.Max(highest, host.ResidentBytes);
        }
        catch (OperationCanceledException)
        {
            // The transfer is over.
        }

        return highest;
    }

    private static async Task UploadAsync(BenchHost host, long size)
    {
        using var content = new RepeatedContent(size);
        using var response = await host.Client.PutAsync(Key, content);
        if (response.StatusCode is not HttpStatusCode.Created)
            throw new InvalidOperationException($"PUT answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }

    private static async Task DownloadAsync(BenchHost host, long size)
    {
        using var response = await host.Client.GetAsync(Key, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        await using var stream = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[128 * 1024];
        var total = 0L;
        while (await stream.ReadAsync(buffer) is var read and > 0)
            total += read;
        if (total != size)
            throw new InvalidOperationException($"{total} bytes came back of {size}.");
    }

    /// <summary>Random bytes of one block, again and again: nothing of the object is ever in memory as a whole.</summary>
    private sealed class RepeatedContent : HttpContent
    {
        private readonly byte[] _block = new byte[128 * 1024];
        private readonly long _size;

        public RepeatedContent(long size)
        {
            _size = size;
            Random.Shared.NextBytes(_block);
            Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (var left = _size; left > 0; left -= Math.Min(left, _block.Length))
                await stream.WriteAsync(_block.AsMemory(0, (int)Math.Min(left, _block.Length)));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _size;
            return true;
        }
    }
}
