using System.Globalization;
using System.Net;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Edge.EdgeClient;

namespace Modular.IntegrationTests.Edge;

public sealed class CrossOriginTests(CrossOriginTests.OriginHost host) : IClassFixture<CrossOriginTests.OriginHost>
{
    private const string Allowed = "https://app.example.com";

    [Theory]
    [InlineData("GET", "jobs", "Authorization")]
    [InlineData("POST", "jobs", "Content-Type, Idempotency-Key, Authorization")]
    [InlineData("PUT", "objects/a/b", "content-digest, if-match, if-none-match, x-expires-in, content-type")]
    [InlineData("GET", "objects/a/b", "range, if-range")]
    [InlineData("HEAD", "objects/a/b", "If-None-Match")]
    [InlineData("DELETE", "objects/a/b", "X-Request-Id")]
    [InlineData("GET", "jobs/0197c0de-0000-7000-8000-000000000000/events", "Last-Event-ID")]
    public async Task A_page_of_an_allowed_origin_may_do_what_the_API_offers(string method, string path, string headers)
    {
        using var answer = await PreflightAsync(Allowed, method, path, headers);
        answer.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        answer.Header("Access-Control-Allow-Origin").ShouldBe(Allowed);
        answer.Header("Access-Control-Allow-Credentials").ShouldBe("true");
        Words(answer, "Access-Control-Allow-Methods").ShouldBe(["GET", "HEAD", "POST", "PUT", "DELETE"]);
        Words(answer, "Access-Control-Allow-Headers").Intersect(headers.Split(", "), StringComparer.OrdinalIgnoreCase).Count().ShouldBe(headers.Split(", ").Length);
        int.Parse(answer.Header("Access-Control-Max-Age")!, CultureInfo.InvariantCulture).ShouldBeGreaterThanOrEqualTo(600);
        answer.Header("Vary")!.ShouldContain("Origin");
    }

    [Theory]
    [InlineData("https://evil.example.com")]
    [InlineData("https://app.example.com.evil.com")]
    [InlineData("http://app.example.com")]
    [InlineData("https://app.example.com:8443")]
    [InlineData("null")]
    public async Task Another_origin_is_not_told_that_it_may(string origin)
    {
        using var preflight = await PreflightAsync(origin, "GET", "jobs", "Authorization");
        preflight.Header("Access-Control-Allow-Origin").ShouldBeNull();
        using var answer = await host.App.SendAsync(HttpMethod.Get, "jobs", null, ("Origin", origin));
        answer.Header("Access-Control-Allow-Origin").ShouldBeNull();
        answer.Header("Vary")!.ShouldContain("Origin");
    }

    [Fact]
    public async Task A_method_or_a_header_that_is_not_offered_is_not_allowed()
    {
        using var method = await PreflightAsync(Allowed, "PATCH", "jobs", "Authorization");
        Words(method, "Access-Control-Allow-Methods").ShouldNotContain("PATCH");
        using var header = await PreflightAsync(Allowed, "GET", "jobs", "X-Odd");
        Words(header, "Access-Control-Allow-Headers").ShouldNotContain("X-Odd");
    }

    [Theory]
    [InlineData("GET", "jobs", HttpStatusCode.OK)]
    [InlineData("GET", "no/such/route", HttpStatusCode.NotFound)]
    [InlineData("GET", "jobs/0197c0de-0000-7000-8000-000000000000", HttpStatusCode.NotFound)]
    [InlineData("POST", "jobs", HttpStatusCode.BadRequest)]
    [InlineData("PUT", "jobs", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "objects/%FF", HttpStatusCode.BadRequest)]
    public async Task The_page_may_read_every_answer(string method, string path, HttpStatusCode status)
    {
        using var answer = await host.App.SendAsync(new HttpMethod(method), path, method == "POST" ? Json("{}") : null, ("Origin", Allowed));
        answer.StatusCode.ShouldBe(status);
        answer.Header("Access-Control-Allow-Origin").ShouldBe(Allowed);
        answer.Header("Access-Control-Allow-Credentials").ShouldBe("true");
        Words(answer, "Access-Control-Expose-Headers").ShouldBe(["Location", "ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id", "Content-Range"]);
    }

    [Fact]
    public async Task No_origin_is_allowed_unless_one_is_named()
    {
        await using var closed = await ModularApp.StartAsync();
        using var answer = await closed.SendAsync(HttpMethod.Get, "jobs", null, ("Origin", Allowed));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Header("Access-Control-Allow-Origin").ShouldBeNull();
    }

    [Fact]
    public async Task In_Development_a_star_allows_every_origin_by_its_name()
    {
        await using var open = await ModularApp.StartAsync(new Dictionary<string, string> { ["ALLOWED_ORIGINS"] = "*" });
        using var answer = await open.SendAsync(HttpMethod.Get, "jobs", null, ("Origin", "http://localhost:5173"));
        answer.Header("Access-Control-Allow-Origin").ShouldBe("http://localhost:5173");
        answer.Header("Access-Control-Allow-Credentials").ShouldBe("true");
    }

    private static string[] Words(HttpResponseMessage answer, string header) => answer.Header(header)?.Split(',', StringSplitOptions.TrimEntries) ?? [];

    private Task<HttpResponseMessage> PreflightAsync(string origin, string method, string path, string headers) => host.App.SendAsync(
        HttpMethod.Options, path, null, ("Origin", origin), ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", headers));

    public sealed class OriginHost : IAsyncLifetime
    {
        internal ModularApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            App = await ModularApp.StartAsync(new Dictionary<string, string> { ["ALLOWED_ORIGINS"] = $"{Allowed}, https://other.example.com:8443" });

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }
}
