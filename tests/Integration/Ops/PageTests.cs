using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using static Modular.IntegrationTests.Ops.GuardedHost;

namespace Modular.IntegrationTests.Ops;

/// <summary>What a browser gets, without a key.</summary>
public sealed partial class PageTests(GuardedHost host) : IClassFixture<GuardedHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/")]
    [InlineData("/docs")]
    public async Task A_page_loads_only_what_this_server_has(string path)
    {
        using var page = await host.SendAsync(HttpMethod.Get, path, key: null);
        page.StatusCode.ShouldBe(HttpStatusCode.OK);
        page.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        var html = await page.Content.ReadAsStringAsync(CancellationToken);
        html.ShouldNotContain("://");
        InlineScript().IsMatch(html).ShouldBeFalse();

        var references = Reference().Matches(html).Select(match => match.Groups["url"].Value).Distinct().ToArray();
        references.ShouldNotBeEmpty();
        foreach (var reference in references)
        {
            reference.ShouldStartWith("/");
            (await host.StatusAsync(HttpMethod.Get, reference, key: null)).ShouldBe(HttpStatusCode.OK, reference);
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/docs")]
    public async Task A_pages_policy_allows_nothing_inline_and_nothing_remote(string path)
    {
        using var page = await host.SendAsync(HttpMethod.Get, path, key: null);

        var policy = page.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem();
        policy.ShouldStartWith("default-src 'none'; script-src 'self';");
        policy.ShouldNotContain("unsafe");
        policy.ShouldNotContain("http");
    }

    [Fact]
    public async Task The_nonce_of_the_reference_is_new_each_time()
    {
        using var first = await host.SendAsync(HttpMethod.Get, "/docs", key: null);
        using var second = await host.SendAsync(HttpMethod.Get, "/docs", key: null);

        var policy = first.Headers.GetValues("Content-Security-Policy").Single();
        second.Headers.GetValues("Content-Security-Policy").Single().ShouldNotBe(policy);
        var nonce = Nonce().Match(policy).Groups["nonce"].Value;
        (await first.Content.ReadAsStringAsync(CancellationToken)).ShouldContain($"content=\"{nonce}\"");
    }

    [Fact]
    public async Task An_asset_is_compressed_for_those_who_take_it_and_asked_for_once()
    {
        var address = await AddressAsync("/docs", "scalar.js");
        using var plain = await host.SendAsync(HttpMethod.Get, address, key: null);
        using var gzipped = await host.SendAsync(HttpMethod.Get, address, key: null, body: null, ("Accept-Encoding", "gzip"));
        using var again = await host.SendAsync(HttpMethod.Get, address, key: null, body: null, ("If-None-Match", plain.Headers.ETag!.ToString()));
        using var head = await host.SendAsync(HttpMethod.Head, address, key: null);

        plain.Content.Headers.ContentType!.MediaType.ShouldBe("text/javascript");
        plain.Headers.Vary.ShouldBe(["Accept-Encoding"]);
        plain.Headers.CacheControl!.ToString().ShouldBe("public, max-age=31536000, immutable");
        gzipped.Content.Headers.ContentEncoding.ShouldBe(["gzip"]);
        gzipped.Content.Headers.ContentLength!.Value.ShouldBeLessThan(plain.Content.Headers.ContentLength!.Value / 2);
        again.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        head.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/docs")]
    public async Task A_page_is_asked_for_each_time(string path)
    {
        using var page = await host.SendAsync(HttpMethod.Get, path, key: null);

        page.Headers.CacheControl!.NoCache.ShouldBeTrue();
    }

    [Fact]
    public async Task A_module_imports_others_by_addresses_with_fingerprints()
    {
        using var response = await host.SendAsync(HttpMethod.Get, await AddressAsync("/", "app.js"), key: null);

        var imports = Import().Matches(await response.Content.ReadAsStringAsync(CancellationToken)).Select(match => match.Groups["url"].Value).ToArray();
        imports.ShouldNotBeEmpty();
        foreach (var import in imports)
        {
            import.ShouldMatch("^/assets/[0-9a-f]{16}/");
            (await host.StatusAsync(HttpMethod.Get, import, key: null)).ShouldBe(HttpStatusCode.OK, import);
        }
    }

    [Theory]
    [InlineData("/assets/..%2f..%2fappsettings.json")]
    [InlineData("/assets/0123456789abcdef/app.js")]
    public async Task An_asset_that_is_none_is_not_found(string path)
    {
        using var response = await host.SendAsync(HttpMethod.Get, path, key: null);

        (await DetailAsync(response, HttpStatusCode.NotFound)).ShouldContain("No such asset");
    }

    [Fact]
    public async Task The_OpenAPI_document_holds_together()
    {
        var document = await host.GetAsync("/openapi/v1.json", key: null);

        var schemas = document.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => schema.Name).ToHashSet();
        foreach (Match reference in SchemaReference().Matches(document.GetRawText()))
            schemas.ShouldContain(reference.Groups["name"].Value);
        // What a slice calls its parts: under such a name, several would have become one.
        schemas.ShouldNotContain(name => name == "Command" || name == "Query" || name == "Response" || name == "PageOfResponse");

        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => operation.Value)).ToArray();
        operations.Select(operation => operation.GetProperty("operationId").GetString()).ShouldBeUnique();
        foreach (var operation in operations)
        {
            operation.TryGetProperty("security", out _).ShouldBeTrue();
            operation.GetProperty("summary").GetString().ShouldNotBeNullOrEmpty();
            operation.GetProperty("responses").EnumerateObject().Select(response => response.Name).ShouldContain("400");
        }
    }

    [Fact]
    public async Task The_OpenAPI_document_names_the_scope_of_each_operation()
    {
        var document = await host.GetAsync("/openapi/v1.json", key: null);

        JsonElement Security(string path, string method) => document.GetProperty("paths").GetProperty($"/api/v1/{path}").GetProperty(method).GetProperty("security");
        Security("audit", "get")[0].GetProperty("apiKey")[0].GetString().ShouldBe("ops");
        Security("health/live", "get").GetArrayLength().ShouldBe(0);
        document.GetProperty("components").GetProperty("securitySchemes").GetProperty("apiKey").GetProperty("scheme").GetString().ShouldBe("bearer");
    }

    private async Task<string> AddressAsync(string path, string file)
    {
        using var page = await host.SendAsync(HttpMethod.Get, path, key: null);
        return Reference().Matches(await page.Content.ReadAsStringAsync(CancellationToken)).Select(match => match.Groups["url"].Value)
            .First(url => url.EndsWith($"/{file}", StringComparison.Ordinal));
    }

    [GeneratedRegex("from ?['\"](?<url>[^'\"]+)['\"]", RegexOptions.ExplicitCapture)]
    private static partial Regex Import();

    [GeneratedRegex("(?:src|href)=\"(?<url>[^\"]+)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Reference();

    [GeneratedRegex(@"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=", RegexOptions.ExplicitCapture)]
    private static partial Regex InlineScript();

    [GeneratedRegex("'nonce-(?<nonce>[0-9a-f]{32})'", RegexOptions.ExplicitCapture)]
    private static partial Regex Nonce();

    [GeneratedRegex("\"#/components/schemas/(?<name>[^\"]+)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex SchemaReference();
}
