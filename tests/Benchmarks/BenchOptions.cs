using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Modular.Benchmarks;

/// <summary>What to measure and at which size.</summary>
/// <param name="Names">Scenarios by name; empty: all that need no peers and no quarter of an hour.</param>
/// <param name="Peers">Also run the other job systems.</param>
/// <param name="Size">How much of everything.</param>
/// <param name="Statements">Print what PostgreSQL spent its time on after each replica.</param>
/// <param name="JsonFile">Where the JSON lines go beside standard output; null: nowhere else.</param>
internal sealed record BenchOptions(IReadOnlyList<string> Names, bool Peers, BenchSize Size, bool Statements, string? JsonFile)
{
    public static string Usage =>
        $"""
         Usage: make bench [PEERS=1] [ARGS="[SCENARIO...] [OPTION...]"]

           --small          every scenario at a size that runs in seconds, to see that it works; its numbers mean nothing
           --jobs N         jobs of the drain (default {BenchSize.Full.Jobs})
           --seconds N      length of the load phases (default {BenchSize.Full.Seconds})
           --samples N      jobs of the pick-up latency (default {BenchSize.Full.Samples})
           --peers          as PEERS=1
           --statements     print the statements that PostgreSQL spent most time on (pg_stat_statements costs a little itself)
           --json FILE      append the JSON lines to FILE, too

         Scenarios:
         {string.Join('\n', Scenario.All.Select(scenario => $"  {scenario.Name,-12} {scenario.Title}"))}
         """;

    public bool Wants(Scenario scenario) =>
        Names.Count == 0 ? !scenario.IsLong && (Peers || !scenario.IsPeer) : Names.Contains(scenario.Name, StringComparer.Ordinal);

    public static bool TryParse(string[] args, out BenchOptions options, [NotNullWhen(false)] out string? problem)
    {
        options = new BenchOptions([], Environment.GetEnvironmentVariable("PEERS") == "1", BenchSize.Full, Statements: false, JsonFile: null);
        var names = new List<string>();
        var rest = new Queue<string>(args);
        while (rest.TryDequeue(out var word))
        {
            switch (word)
            {
                case "--small":
                    options = options with { Size = BenchSize.Small };
                    continue;
                case "--peers":
                    options = options with { Peers = true };
                    continue;
                case "--statements":
                    options = options with { Statements = true };
                    continue;
                case "--json" when rest.TryDequeue(out var file):
                    options = options with { JsonFile = Path.GetFullPath(file) };
                    continue;
                case "--jobs" or "--seconds" or "--samples"
                    when rest.TryDequeue(out var text) && int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number > 0:
                    options = options with { Size = options.Size.With(word, number) };
                    continue;
            }

            if (!Scenario.All.Any(scenario => string.Equals(scenario.Name, word, StringComparison.Ordinal)))
            {
                problem = $"\"{word}\" is no scenario and no option, or its value is missing.";
                return false;
            }

            names.Add(word);
        }

        options = options with { Names = names };
        problem = null;
        return true;
    }
}

/// <summary>How much of everything.</summary>
internal sealed record BenchSize
{
    public static readonly BenchSize Full = new();

    public static readonly BenchSize Small = new()
    {
        Jobs = 2_000, LargeJobs = 200, Samples = 30, Seconds = 2, BatchedJobs = 5_000, Streams = 100, StreamedJobs = 10,
        Backlogs = [1_000, 10_000], EnduranceSeconds = 5, StreamedBytes = 64L << 20, HangfireJobs = 100,
    };

    public int Jobs { get; init; } = 20_000;

    /// <summary>Jobs with a payload of 64 KiB.</summary>
    public int LargeJobs { get; init; } = 2_000;

    public int Samples { get; init; } = 500;

    public int Seconds { get; init; } = 10;

    public int BatchedJobs { get; init; } = 50_000;

    public int Streams { get; init; } = 1_000;

    public int StreamedJobs { get; init; } = 100;

    /// <summary>Waiting jobs, ascending.</summary>
    public IReadOnlyList<int> Backlogs { get; init; } = [1_000, 100_000, 1_000_000];

    /// <summary>How long jobs come and go at full rate.</summary>
    public int EnduranceSeconds { get; init; } = 600;

    public long StreamedBytes { get; init; } = 1L << 30;

    /// <summary>Fewer than elsewhere: at its rate 20,000 would take minutes and tell the same.</summary>
    public int HangfireJobs { get; init; } = 2_000;

    public BenchSize With(string option, int number) => option switch
    {
        "--jobs" => this with { Jobs = number, LargeJobs = Math.Max(1, number / 10), HangfireJobs = Math.Max(1, number / 10) },
        "--seconds" => this with { Seconds = number },
        _ => this with { Samples = number },
    };
}
