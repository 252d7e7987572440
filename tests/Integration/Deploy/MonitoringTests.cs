using System.Net.Http.Headers;
using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Deploy;

/// <summary>The dashboard and the rules against a Prometheus that scrapes a Host at work.</summary>
public sealed class MonitoringTests
{
    private static readonly string Monitoring = Path.Combine(RepositoryRoot(), "deploy", "monitoring");

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_query_of_the_dashboard_and_of_the_rules_finds_what_it_asks_for()
    {
        await using var app = await ModularApp.StartAsync();
        await WorkAsync(app);
        var port = Loopback.FreePort();
        await using var prometheus = await StartPrometheusAsync(port, app.Port);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/") };
        var queries = DashboardQueries().Concat(RuleQueries()).ToArray();
        queries.Length.ShouldBeGreaterThan(30);

        foreach (var query in queries)
        {
            // A rate needs two scrapes, and a recorded series an evaluation.
            await Eventually.IsTrueAsync(() => FindsAsync(client, query), $"a result of: {query}\n{string.Join('\n', prometheus.Output.TakeLast(3))}", TimeSpan.FromSeconds(40));
        }
    }

    private static async Task WorkAsync(ModularApp app)
    {
        foreach (var type in new[] { "debug.noop", "debug.fail" })
        {
            var payload = type is "debug.fail" ? new { message = "as asked", attempts = 1 } : (object)new { };
            using var job = await app.Client.PostAsync("jobs", JsonContent(new { type, payload, maxAttempts = 1 }), CancellationToken);
            job.EnsureSuccessStatusCode();
        }

        using var stored = await app.Client.PutAsync("objects/monitored", new StringContent("monitored"), CancellationToken);
        stored.EnsureSuccessStatusCode();
        using var refused = await app.Client.GetAsync("objects/absent", CancellationToken);
        refused.IsSuccessStatusCode.ShouldBeFalse();
    }

    private static StringContent JsonContent(object value) => new(JsonSerializer.Serialize(value), MediaTypeHeaderValue.Parse("application/json"));

    private static async Task<Leash> StartPrometheusAsync(int port, int target)
    {
        var program = await PrometheusBinaries.FindOrInstallAsync("prometheus");
        var folder = await Scratch.CreateFolderAsync("prometheus");
        var configuration = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(
            configuration,
            $$"""
              global: { scrape_interval: 1s, evaluation_interval: 1s }
              rule_files: ["{{Path.Combine(Monitoring, "rules.yml")}}"]
              scrape_configs:
                - job_name: modular
                  metrics_path: /api/v1/metrics
                  static_configs: [{ targets: ["127.0.0.1:{{target}}"] }]
              """,
            CancellationToken);
        return await Leash.StartAsync(
            program, [$"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(folder, "data")}", $"--web.listen-address=127.0.0.1:{port}"]);
    }

    // What each alert compares must exist; the comparison itself must be false for a Host that is well, and promtool's cases test it.
    private static IEnumerable<string> RuleQueries() =>
        File.ReadLines(Path.Combine(Monitoring, "rules.yml"))
            .Select(line => line.Trim())
            .Where(line => line.StartsWith("- record: ", StringComparison.Ordinal))
            .Select(line => line["- record: ".Length..]);

    private static IEnumerable<string> DashboardQueries()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Monitoring, "dashboards", "modular.json")));
        return
        [
            .. dashboard.RootElement.GetProperty("panels").EnumerateArray()
                .Where(panel => panel.TryGetProperty("targets", out _))
                .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
                .Select(target => target.GetProperty("expr").GetString()!.Replace("$__rate_interval", "1m", StringComparison.Ordinal)),
        ];
    }

    private static async Task<bool> FindsAsync(HttpClient client, string query)
    {
        using var response = await client.GetAsync($"query?query={Uri.EscapeDataString(query)}", CancellationToken);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync(CancellationToken));
        if (answer.RootElement.GetProperty("status").GetString() is not "success")
            throw new StopWaitingException($"Prometheus refuses {query}: {answer.RootElement}");
        return answer.RootElement.GetProperty("data").GetProperty("result").GetArrayLength() > 0;
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Modular.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("Run the tests from the repository's own build output.");
        return folder.FullName;
    }
}
