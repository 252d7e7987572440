using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Modular.Benchmarks.Load;
using Npgsql;

namespace Modular.Benchmarks.Scenarios;

/// <summary>How soon a single job starts when nothing else happens.</summary>
internal static class Pickup
{
    public const string Measure = "pick-up";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(Bench bench)
    {
        await using var host = await bench.StartHostAsync();
        await using var signals = await host.ConnectAsync();
        await using (var listen = new NpgsqlCommand("LISTEN modular_jobs_changed", signals))
            await listen.ExecuteNonQueryAsync();
        using var connection = await RawConnection.OpenAsync(host.Port);
        var submit = RawConnection.Request("POST", "jobs", """{"type":"debug.noop","payload":{},"queue":"bench"}""");

        using var stop = new CancellationTokenSource();
        var listening = ListenAsync(signals, stop.Token);
        var (claimed, answered, finished) = (new Samples(), new Samples(), new Samples());
        var ids = new List<Guid>();
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        for (var sample = -20; sample < bench.Size.Samples; sample++)
        {
            // Long enough for the last signals of the job before: the first one after this is the new job's claim, which has committed.
            await pause.WaitForNextTickAsync();
            var signal = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
            var clock = Stopwatch.StartNew();
            void OnSignal(object sender, NpgsqlNotificationEventArgs notification) => signal.TrySetResult(clock.Elapsed);
            signals.Notification += OnSignal;
            await ExpectAsync(connection, submit, 201);
            var answer = clock.Elapsed;
            var id = ReadId(connection.Body);
            await ExpectAsync(connection, RawConnection.Request("GET", $"jobs/{id}?wait=5"), 200);
            var end = clock.Elapsed;
            var claim = await signal.Task.WaitAsync(Patience);
            signals.Notification -= OnSignal;
            if (sample < 0)
                continue;
            ids.Add(id);
            answered.Add(answer);
            claimed.Add(claim);
            finished.Add(end);
        }

        await stop.CancelAsync();
        await listening;
        Add(bench, "POST sent → claim committed and told", claimed, Measure, "client's clock; told by NOTIFY, about when the handler starts");
        Add(bench, "POST sent → 201 (durable)", answered, null, "client's clock");
        Add(bench, "POST sent → finished job read", finished, null, "client's clock; GET ?wait=5 after the 201");
        Add(bench, "createdAt → startedAt", await ReadAsync(host, ids), null, "database's clock, from transaction to transaction");
    }

    private static void Add(Bench bench, string what, Samples samples, string? measure, string note) =>
        bench.Report.Add(new Result("pickup", what, null, "ms") { P50 = samples.P50, P99 = samples.P99, Measure = measure, Note = $"{samples.Count} jobs, one at a time, 25 ms apart; {note}" });

    private static async Task ListenAsync(NpgsqlConnection signals, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
                await signals.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // All samples are taken.
        }
    }

    private static async Task ExpectAsync(RawConnection connection, byte[] request, int expected)
    {
        var status = await connection.AskAsync(request);
        if (status != expected)
            throw new InvalidOperationException($"Expected {expected}, got {status}: {Encoding.UTF8.GetString(connection.Body)}");
    }

    private static Guid ReadId(ReadOnlySpan<byte> body)
    {
        // The first member of the job, wherever chunk sizes stand.
        var start = body.IndexOf("\"id\":\""u8) + 6;
        return Guid.Parse(Encoding.UTF8.GetString(body.Slice(start, 36)));
    }

    private static async Task<Samples> ReadAsync(BenchHost host, List<Guid> ids)
    {
        var samples = new Samples();
        foreach (var id in ids)
        {
            using var job = JsonDocument.Parse(await host.Client.GetStringAsync($"jobs/{id}"));
            samples.Add(job.RootElement.GetProperty("startedAt").GetDateTimeOffset() - job.RootElement.GetProperty("createdAt").GetDateTimeOffset());
        }

        return samples;
    }
}
