using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using static Modular.IntegrationTests.Ops.GuardedHost;

namespace Modular.IntegrationTests.Ops;

/// <summary>What a scrape gets.</summary>
public sealed partial class MetricsTests(GuardedHost host) : IClassFixture<GuardedHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_line_is_a_comment_or_a_sample()
    {
        foreach (var line in (await ScrapeAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            (line.StartsWith("# HELP ", StringComparison.Ordinal) || line.StartsWith("# TYPE ", StringComparison.Ordinal) || Sample().IsMatch(line)).ShouldBeTrue(line);
    }

    [Fact]
    public async Task It_tells_the_build_and_the_pool()
    {
        var text = await ScrapeAsync();

        text.ShouldContain("modular_build_info{version=\"");
        Value(text, "modular_db_pool_max_connections").ShouldBe(10);
        Value(text, "modular_db_pool_connections{state=\"idle\"}").ShouldBeInRange(0, 10);
        Value(text, "modular_db_pool_connections{state=\"busy\"}").ShouldBeInRange(0, 10);
    }

    [Fact]
    public async Task Paths_are_route_templates_also_on_errors()
    {
        var name = $"never-{Guid.NewGuid():N}";
        await host.StatusAsync(HttpMethod.Delete, $"api-keys/{Guid.NewGuid()}");
        await host.StatusAsync(HttpMethod.Get, name);
        await host.StatusAsync(new HttpMethod("BREW"), name);

        var text = await ScrapeAsync();

        text.ShouldContain("http_requests_total{method=\"DELETE\",path=\"/api/v1/api-keys/{id:guid}\",status=\"404\"}");
        text.ShouldContain("http_requests_total{method=\"GET\",path=\"unmatched\",status=\"404\"}");
        text.ShouldContain("http_requests_total{method=\"OTHER\",path=\"unmatched\",status=\"404\"}");
        text.ShouldNotContain(name);
        text.ShouldNotContain(AdminKey);
    }

    [Fact]
    public async Task OpenMetrics_is_for_those_who_prefer_it()
    {
        using var preferred = await host.SendAsync(
            HttpMethod.Get, "metrics", AdminKey, body: null, ("Accept", "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
        preferred.Content.Headers.ContentType!.MediaType.ShouldBe("application/openmetrics-text");
        (await preferred.Content.ReadAsStringAsync(CancellationToken)).TrimEnd().ShouldEndWith("# EOF");

        using var other = await host.SendAsync(
            HttpMethod.Get, "metrics", AdminKey, body: null, ("Accept", "application/openmetrics-text;q=0.3,text/plain;q=0.5"));
        other.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
    }

    [Fact]
    public async Task It_needs_its_own_scope()
    {
        var (_, scraper) = await host.CreateKeyAsync(["metrics"]);
        var (_, other) = await host.CreateKeyAsync(["ops"]);

        (await host.StatusAsync(HttpMethod.Get, "metrics", scraper)).ShouldBe(HttpStatusCode.OK);
        (await host.StatusAsync(HttpMethod.Get, "metrics", other)).ShouldBe(HttpStatusCode.Forbidden);
        (await host.StatusAsync(HttpMethod.Get, "metrics", key: null)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    private async Task<string> ScrapeAsync()
    {
        using var response = await host.SendAsync(HttpMethod.Get, "metrics");
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return await response.Content.ReadAsStringAsync(CancellationToken);
    }

    private static double Value(string text, string series) =>
        double.Parse(text.Split('\n').Single(line => line.StartsWith(series + " ", StringComparison.Ordinal)).Split(' ')[^1], CultureInfo.InvariantCulture);

    [GeneratedRegex("""^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? (-?[0-9.eE+-]+|NaN|[+-]Inf)$""", RegexOptions.ExplicitCapture)]
    private static partial Regex Sample();
}
