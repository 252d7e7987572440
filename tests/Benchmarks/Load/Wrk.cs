using System.Globalization;
using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.Benchmarks.Load;

/// <summary>What a load phase gave.</summary>
/// <param name="Requests">Answered ones.</param>
/// <param name="Seconds">From the first request to the last answer.</param>
/// <param name="P50">Milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
/// <param name="Errors">Answers of 400 and above, broken connections, timeouts.</param>
internal sealed record LoadResult(long Requests, double Seconds, double P50, double P99, long Errors)
{
    public double PerSecond => Requests / Seconds;
}

/// <summary>
/// Keep-alive connections with one request in flight each, from wrk: like pgbench a program in C, and it shares its cores with what it measures. A load
/// generator in .NET took as much of them as the Host.
/// </summary>
internal static class Wrk
{
    /// <summary>As many as pgbench gets.</summary>
    private const int Threads = 2;

    /// <summary>Posts for a time; any answer that is an error fails.</summary>
    public static async Task<LoadResult> PostAsync(int port, string path, string json, int connections, int seconds)
    {
        if (Command.Find("wrk") is null && DebianPackages.CanInstall)
            await DebianPackages.InstallAsync("wrk");
        var program = Command.Find("wrk") ?? throw new InvalidOperationException("This scenario needs wrk. Install it (Debian: apt-get install wrk; macOS: brew install wrk).");
        var script = Path.Combine(await Scratch.CreateFolderAsync("wrk"), "post.lua");
        await File.WriteAllTextAsync(
            script,
            $$"""
              wrk.method = "POST"
              wrk.headers["Authorization"] = "Bearer {{Bench.ApiKey}}"
              wrk.headers["Content-Type"] = "application/json"
              wrk.body = [[{{json}}]]
              function done(summary, latency)
                local e = summary.errors
                io.write(string.format('\n{"requests":%d,"seconds":%f,"p50":%f,"p99":%f,"errors":%d}\n', summary.requests, summary.duration / 1e6,
                  latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, e.connect + e.read + e.write + e.status + e.timeout))
              end
              """);
        string[] arguments = ["-t", Text(Threads), "-c", Text(connections), "-d", $"{Text(seconds)}s", "-s", script, $"http://127.0.0.1:{Text(port)}/api/v1/{path}"];
        var output = await Command.RunAsync(program, arguments, TimeSpan.FromSeconds(seconds + 60));
        var result = JsonSerializer.Deserialize<LoadResult>(output.Split('\n').Last(line => line.StartsWith('{')), JsonSerializerOptions.Web)!;
        return result.Errors == 0 ? result : throw new InvalidOperationException($"{result.Errors} of {result.Requests} requests failed.");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
