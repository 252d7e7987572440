using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Modular.Benchmarks;

/// <summary>One number, and what was counted.</summary>
/// <param name="Scenario">Its scenario's name.</param>
/// <param name="What">The measure, in words.</param>
/// <param name="Value">In <paramref name="Unit"/>; null when only the quantiles matter.</param>
/// <param name="Unit">jobs/s, requests/s, ms, MiB …</param>
internal sealed record Result(string Scenario, string What, double? Value, string Unit)
{
    public double? P50 { get; init; }

    public double? P99 { get; init; }

    /// <summary>Batch sizes, counts, where the clock starts and stops.</summary>
    public string Note { get; init; } = "";

    /// <summary>A peer's number and Modular's with the same measure find each other by it.</summary>
    public string? Measure { get; init; }

    /// <summary>Modular when null.</summary>
    public string? Peer { get; init; }
}

/// <summary>Gathers the results and prints them as a table and as JSON lines.</summary>
internal sealed class Report(Machine machine)
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly List<Result> _results = [];

    public void Add(Result result)
    {
        _results.Add(result);
        Console.WriteLine($"   {result.What}: {Show(result.Value)} {result.Unit}{Quantiles(result)}  {result.Note}");
    }

    /// <summary>Modular's number of a measure, once its scenario has run.</summary>
    public double? Find(string measure) => _results.Find(result => result.Peer is null && result.Measure == measure)?.Value;

    public async Task WriteAsync(string? jsonFile)
    {
        AddRatios();
        WriteTable();
        Console.WriteLine();
        var lines = _results.Select(result => JsonSerializer.Serialize(new { result, machine }, Options)).ToArray();
        Array.ForEach(lines, Console.WriteLine);
        if (jsonFile is not null)
            await File.AppendAllLinesAsync(jsonFile, lines);
    }

    private void AddRatios()
    {
        foreach (var peer in _results.Where(result => result.Peer is not null && result.Measure is not null).ToArray())
        {
            var own = _results.Find(result => result.Peer is null && result.Measure == peer.Measure);
            if (own is { Value: > 0 } && peer is { Value: > 0 })
                _results.Add(new Result("ratio", $"{peer.Measure}: Modular / {peer.Peer}", own.Value / peer.Value, "×") { Note = Compare(own.Value, peer.Value, own.Unit) });
            else if (own is { P50: > 0 } && peer is { P50: > 0 })
                _results.Add(new Result("ratio", $"{peer.Measure}, p50: Modular / {peer.Peer}", own.P50 / peer.P50, "×") { Note = Compare(own.P50, peer.P50, "ms") });
        }
    }

    private static string Compare(double? own, double? peer, string unit) => $"{Show(own)} / {Show(peer)} {unit}";

    private void WriteTable()
    {
        Console.WriteLine(
            $"\n{machine.Date}: {machine.Cores} cores ({machine.Cpu}), {machine.MemoryGiB:0.#} GiB, {machine.System}, PostgreSQL {machine.PostgreSql} (fsync on), .NET {machine.DotNet}\n");
        string[][] rows =
        [
            ["Scenario", "What", "Value", "Unit", "p50 ms", "p99 ms", "Note"],
            .. _results.Select(result => new[] { result.Scenario, result.What, Show(result.Value), result.Unit, Show(result.P50), Show(result.P99), result.Note }),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            Console.WriteLine(string.Join("  ", row.Select((cell, column) => column is 2 or 4 or 5 ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
    }

    private static string Quantiles(Result result) => result.P50 is null ? "" : $", p50 {Show(result.P50)} ms, p99 {Show(result.P99)} ms";

    private static string Show(double? value) => value switch
    {
        null => "",
        >= 100 => value.Value.ToString("#,0", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.00", CultureInfo.InvariantCulture),
    };
}
