using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Ops;

/// <summary>The metrics as Prometheus itself sees them.</summary>
public sealed class PrometheusTests(GuardedHost host) : IClassFixture<GuardedHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Promtool_finds_nothing_to_say_about_them()
    {
        await UseAsync();
        var file = Path.Combine(await Scratch.CreateFolderAsync("promtool"), "metrics.txt");
        using (var response = await host.SendAsync(HttpMethod.Get, "metrics"))
            await File.WriteAllTextAsync(file, await response.Content.ReadAsStringAsync(CancellationToken), CancellationToken);
        var promtool = await PrometheusBinaries.FindOrInstallAsync("promtool");

        var (code, output) = await Command.TryRunAsync("sh", ["-c", $"'{promtool}' check metrics < '{file}'"], cancellationToken: CancellationToken);

        TestContext.Current.TestOutputHelper!.WriteLine($"promtool check metrics: exit code {code}, output: \"{output}\"");
        code.ShouldBe(0, output);
        output.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_real_Prometheus_scrapes_them_with_a_key_of_its_own()
    {
        await UseAsync();
        var (_, key) = await host.CreateKeyAsync(["metrics"], name: "prometheus");
        var folder = await Scratch.CreateFolderAsync("prometheus");
        var configuration = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(
            configuration,
            $$"""
            global: { scrape_interval: 1s, scrape_timeout: 1s }
            scrape_configs:
              - job_name: modular
                metrics_path: /api/v1/metrics
                authorization: { credentials: {{key}} }
                static_configs: [ { targets: [ "127.0.0.1:{{host.App.Port}}" ] } ]
              - job_name: without-a-key
                metrics_path: /api/v1/metrics
                static_configs: [ { targets: [ "127.0.0.1:{{host.App.Port}}" ] } ]
            """,
            CancellationToken);
        var port = Loopback.FreePort();
        await using var prometheus = await Leash.StartAsync(
            await PrometheusBinaries.FindOrInstallAsync("prometheus"),
            [$"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(folder, "data")}", $"--web.listen-address=127.0.0.1:{port}"]);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/") };

        async Task<JsonElement[]> AskAsync(string query, Func<JsonElement[], bool> until) => await Eventually.ReadAsync(
            async () =>
            {
                prometheus.HasExited.ShouldBeFalse(string.Join('\n', prometheus.Output));
                var answer = await client.GetStringAsync($"query?query={Uri.EscapeDataString(query)}", CancellationToken);
                return JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("data").GetProperty("result").EnumerateArray().ToArray();
            },
            until,
            query,
            TimeSpan.FromSeconds(30));

        var up = await AskAsync("up", targets => targets.Length == 2 && targets.Any(target => Value(target) == "1"));
        var build = await AskAsync("modular_build_info", found => found.Length == 1);
        var submitted = await AskAsync("""modular_jobs_finished_total{type="debug.noop",outcome="succeeded"}""", found => found.Length == 1);
        var quantile = await AskAsync("histogram_quantile(0.95, sum by (le) (modular_job_duration_seconds_bucket))", found => found.Length == 1 && Value(found[0]) != "NaN");
        foreach (var answer in up.Concat(build).Concat(submitted).Concat(quantile))
            TestContext.Current.TestOutputHelper!.WriteLine(answer.GetRawText());

        up.Single(target => target.GetProperty("metric").GetProperty("job").GetString() == "without-a-key").ShouldSatisfyAllConditions(target => Value(target).ShouldBe("0"));
        Value(build[0]).ShouldBe("1");
        int.Parse(Value(submitted[0])).ShouldBeGreaterThanOrEqualTo(1);
    }

    private static string Value(JsonElement sample) => sample.GetProperty("value")[1].GetString()!;

    /// <summary>Something of everything: a job that ends, an object, an error.</summary>
    private async Task UseAsync()
    {
        using var submitted = await host.SendAsync(HttpMethod.Post, "jobs", GuardedHost.AdminKey, new { type = "debug.noop", payload = new { } });
        var id = (await GuardedHost.JsonAsync(submitted, System.Net.HttpStatusCode.Created)).GetProperty("id").GetGuid();
        await Eventually.IsTrueAsync(async () => (await host.GetAsync($"jobs/{id}")).GetProperty("state").GetString() == "succeeded", "the job succeeded", TimeSpan.FromSeconds(20));
        using var stored = await host.SendAsync(HttpMethod.Put, "objects/metrics/some", GuardedHost.AdminKey, new { });
        using var absent = await host.SendAsync(HttpMethod.Get, "objects/metrics/absent");
    }
}
