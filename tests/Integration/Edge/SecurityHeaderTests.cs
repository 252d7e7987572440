using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Edge.EdgeClient;

namespace Modular.IntegrationTests.Edge;

public sealed class SecurityHeaderTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_route_answers_with_the_headers_whatever_it_answers()
    {
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string> { ["ADMIN_API_KEY"] = AdminKey, ["TRUSTED_PROXIES"] = "127.0.0.1" });
        var job = await SubmitAsync(app);
        var routes = app.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]).Select(method => (Method: method, Route: endpoint.RoutePattern.RawText!)))
            .ToArray();
        routes.Length.ShouldBeGreaterThan(40);

        var seen = new HashSet<int>();
        foreach (var (method, route) in routes)
        {
            var path = "/" + Regex.Replace(route.TrimStart('/'), @"\{id[^}]*\}", job.ToString());
            path = Regex.Replace(path, @"\{[^}]*\}", "some.thing");
            foreach (var isKnown in new[] { true, false })
            {
                using var answer = await app.SendAsync(
                    new HttpMethod(method), path, method is "POST" or "PUT" ? Json("{\"odd\":1}") : null,
                    [("X-Forwarded-Proto", "https"), ("Accept-Encoding", "gzip"), .. isKnown ? new[] { ("Authorization", $"Bearer {AdminKey}") } : []]);
                seen.Add((int)answer.StatusCode);
                ShouldBeHardened(answer, $"{method} {path} → {(int)answer.StatusCode}");
            }
        }

        foreach (var status in new[] { 200, 204, 400, 401, 404 })
            seen.ShouldContain(status, "The walk saw answers of every kind.");
    }

    [Theory]
    [InlineData("GET", "no/such/route", HttpStatusCode.NotFound)]
    [InlineData("GET", "/favicon.ico", HttpStatusCode.NotFound)]
    [InlineData("PATCH", "jobs", HttpStatusCode.MethodNotAllowed)]
    [InlineData("BREW", "jobs", HttpStatusCode.MethodNotAllowed)]
    [InlineData("OPTIONS", "jobs", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "jobs?limit=x", HttpStatusCode.BadRequest)]
    [InlineData("GET", "objects/a%2Fb", HttpStatusCode.BadRequest)]
    [InlineData("POST", "jobs", HttpStatusCode.UnsupportedMediaType)]
    public async Task Answers_without_a_route_are_problems_with_the_headers_too(string method, string path, HttpStatusCode status)
    {
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string> { ["TRUSTED_PROXIES"] = "127.0.0.1" });
        using var answer = await app.SendAsync(new HttpMethod(method), path, method == "POST" ? new StringContent("text") : null, ("X-Forwarded-Proto", "https"));
        await answer.ProblemAsync(status);
        ShouldBeHardened(answer, $"{method} {path}");
        if (status == HttpStatusCode.MethodNotAllowed)
            answer.Content.Headers.Allow.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("text/csv")]
    [InlineData("text/html, application/xhtml+xml")]
    [InlineData("/api/v1")]
    [InlineData("application/json;q=0")]
    public async Task A_refusal_is_a_problem_whatever_the_client_would_rather_read(string accept)
    {
        await using var app = await ModularApp.StartAsync();
        using var refused = await app.SendAsync(HttpMethod.Get, $"jobs/{Guid.NewGuid()}", null, ("Accept", accept));
        await refused.ProblemAsync(HttpStatusCode.NotFound);
        using var nowhere = await app.SendAsync(HttpMethod.Get, "no/such/route", null, ("Accept", accept));
        await nowhere.ProblemAsync(HttpStatusCode.NotFound);
        using var invalid = await app.SendAsync(HttpMethod.Get, "jobs?limit=0", null, ("Accept", accept));
        (await invalid.ProblemAsync(HttpStatusCode.BadRequest)).GetProperty("errors").GetProperty("limit").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task A_fault_is_a_problem_with_the_headers_and_tells_nothing_of_the_inside()
    {
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string> { ["TRUSTED_PROXIES"] = "127.0.0.1" });
        await using (var connection = await app.Deployment.ConnectAsync())
        await using (var drop = new Npgsql.NpgsqlCommand("DROP SCHEMA ops CASCADE", connection))
            await drop.ExecuteNonQueryAsync(CancellationToken);
        using var answer = await app.SendAsync(HttpMethod.Get, "api-keys", null, ("X-Forwarded-Proto", "https"));
        var problem = await answer.ProblemAsync(HttpStatusCode.InternalServerError);
        ShouldBeHardened(answer, "a fault");
        problem.GetRawText().ShouldNotContain("ops.");
        problem.GetRawText().ShouldNotContain("Exception");
        problem.GetRawText().ShouldNotContain(" at ");
    }

    [Fact]
    public async Task Without_TLS_nothing_is_said_about_it()
    {
        await using var app = await ModularApp.StartAsync();
        using var answer = await app.SendAsync(HttpMethod.Get, "jobs");
        answer.Header("Strict-Transport-Security").ShouldBeNull();
        answer.Header("X-Request-Id").ShouldNotBeNull();
    }

    private static void ShouldBeHardened(HttpResponseMessage answer, string what)
    {
        answer.Header("X-Content-Type-Options").ShouldBe("nosniff", what);
        answer.Header("Content-Security-Policy").ShouldNotBeNull(what).ShouldContain("default-src 'none'", customMessage: what);
        answer.Header("Content-Security-Policy")!.ShouldContain("frame-ancestors 'none'", customMessage: what);
        answer.Header("Referrer-Policy").ShouldBe("no-referrer", what);
        answer.Header("Strict-Transport-Security").ShouldNotBeNull(what).ShouldStartWith("max-age=31536000", customMessage: what);
        answer.Header("X-Request-Id").ShouldNotBeNull(what);
        answer.Header("Server").ShouldBeNull(what);
        answer.Header("X-Powered-By").ShouldBeNull(what);
        if (answer.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.Ordinal) == true)
            answer.Header("Cache-Control")!.ShouldContain("no-store", customMessage: what);
    }

    private static async Task<Guid> SubmitAsync(ModularApp app)
    {
        using var response = await app.SendAsync(HttpMethod.Post, "jobs", Json("""{"type":"debug.noop","payload":{}}"""), ("Authorization", $"Bearer {AdminKey}"));
        return (await response.ReadJsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
    }
}
