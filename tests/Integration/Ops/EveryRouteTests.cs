using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Security;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Ops;

/// <summary>Walks every route that the running Host has and tries each with keys that must not open it.</summary>
public sealed class EveryRouteTests(GuardedHost host) : IClassFixture<GuardedHost>
{
    private static readonly string[] Anonymous =
    [
        "DELETE /api/v1/session", "GET /api/v1/health", "GET /api/v1/health/live", "GET /api/v1/health/ready", "GET,HEAD /api/v1/signed/objects/{**key}", "POST /api/v1/session",
        "PUT /api/v1/signed/uploads/{id:guid}",
    ];

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public void Only_these_routes_are_open_to_everyone() =>
        Endpoints().Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            .Select(endpoint => $"{string.Join(',', Methods(endpoint))} {Template(endpoint)}").Order(StringComparer.Ordinal).ShouldBe(Anonymous);

    [Fact]
    public async Task Every_other_route_refuses_whoever_has_no_key_or_the_wrong_one()
    {
        var (revokedId, revoked) = await host.CreateKeyAsync([.. Scopes.All], name: "revoked");
        (await host.StatusAsync(HttpMethod.Delete, $"api-keys/{revokedId}")).ShouldBe(HttpStatusCode.NoContent);
        var (_, expired) = await host.CreateKeyAsync([.. Scopes.All], DateTimeOffset.UtcNow.AddSeconds(4), "expired");
        await Eventually.IsTrueAsync(async () => await host.StatusAsync(HttpMethod.Get, "job-types", expired) is HttpStatusCode.Unauthorized, "the key has expired", TimeSpan.FromSeconds(20));
        var lacking = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var scope in Scopes.All)
            lacking[scope] = (await host.CreateKeyAsync([.. Scopes.All.Where(other => other != scope)], name: $"without {scope}")).Text;

        var guarded = Endpoints().Where(endpoint => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null).ToArray();
        guarded.Length.ShouldBeGreaterThan(30);
        var wrong = new List<string>();
        foreach (var endpoint in guarded)
        {
            var scope = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Single().Policy!;
            foreach (var method in Methods(endpoint))
            {
                await ExpectAsync(method, endpoint, key: null, HttpStatusCode.Unauthorized, wrong);
                await ExpectAsync(method, endpoint, "mk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", HttpStatusCode.Unauthorized, wrong);
                await ExpectAsync(method, endpoint, revoked, HttpStatusCode.Unauthorized, wrong);
                await ExpectAsync(method, endpoint, expired, HttpStatusCode.Unauthorized, wrong);
                if (scope != Scopes.AnyCaller)
                    await ExpectAsync(method, endpoint, lacking[scope], HttpStatusCode.Forbidden, wrong, scope);
            }
        }

        wrong.ShouldBeEmpty();
    }

    private async Task ExpectAsync(string method, RouteEndpoint endpoint, string? key, HttpStatusCode expected, List<string> wrong, string? names = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), PathOf(endpoint));
        if (!HttpMethods.IsGet(method) && !HttpMethods.IsHead(method))
        {
            // Which body a route reads is decided before who sends it.
            request.Content = Edge.EdgeClient.Json("{}");
            if (endpoint.Metadata.GetMetadata<IAcceptsMetadata>() is { ContentTypes: [var type, ..] })
                request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        }

        if (key is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        using var response = await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken);
        var body = HttpMethods.IsHead(method) ? names ?? "" : await response.Content.ReadAsStringAsync(CancellationToken);
        if (response.StatusCode != expected || (names is not null && !body.Contains(names)) || (expected is HttpStatusCode.Unauthorized && response.Headers.WwwAuthenticate.Count == 0))
            wrong.Add($"{method} {Template(endpoint)} with {(key is null ? "no key" : names is null ? "a dead key" : $"a key without {names}")}: {(int)response.StatusCode} {body}");
    }

    private RouteEndpoint[] Endpoints() =>
        [.. host.App.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Where(endpoint => Template(endpoint).StartsWith("/api/", StringComparison.Ordinal))];

    private static string Template(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText!.TrimStart('/');

    private static IReadOnlyList<string> Methods(RouteEndpoint endpoint) => endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods;

    private static string PathOf(RouteEndpoint endpoint) => "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
    {
        RoutePatternLiteralPart literal => literal.Content,
        RoutePatternParameterPart { Name: "id" } => Guid.Empty.ToString(),
        _ => "some",
    }))));
}
