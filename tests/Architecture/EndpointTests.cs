using System.Reflection;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Modular.ArchitectureTests.Fixtures;
using Modular.BuildingBlocks.Security;
using Xunit;

namespace Modular.ArchitectureTests;

/// <summary>DESIGN rule 6: asked of the endpoints that the Host really maps.</summary>
public sealed class EndpointTests
{
    private const string Api = "/api/v1/";

    private static readonly int[] Problems = [400, 401, 403, 429, 500, 503];

    [Fact]
    public void Every_endpoint_has_a_name_of_its_own() => new Rule<IReadOnlyList<RouteEndpoint>>(
        "The name is the operation's id in the OpenAPI document: generated clients name their methods after it, and two of one name become one.",
        "Add .WithName(\"SubmitJob\"): the slice's name.",
        endpoints => OfApi(endpoints).Select(endpoint => new Verdict(Route(endpoint), NameOf(endpoint) switch
        {
            null => "has no name",
            var name when endpoints.Count(other => NameOf(other) == name) > 1 => $"shares the name {name}",
            _ => null,
        })))
        .Check(
            BuiltHost.Endpoints,
            BadEndpoints.All,
            ["GET /api/v1/nameless", "GET /api/v1/first-of-two", "GET /api/v1/second-of-two"],
            GoodEndpoints.All);

    [Fact]
    public void Every_endpoint_has_its_modules_tag() => new Rule<IReadOnlyList<RouteEndpoint>>(
        "The reference page groups by tag; what has none, or two, is found by nobody.",
        "Let the module list map it: its group carries the tag, so a slice sets none.",
        endpoints => OfApi(endpoints).Select(endpoint => new Verdict(Route(endpoint), Tags(endpoint) switch
        {
            [] => "has no tag",
            [var tag] => BadEndpoints.Tags.Concat(Product.Modules.Select(module => module.Name)).Contains(tag, StringComparer.Ordinal) ? null : $"has the tag {tag}, which is no module",
            var tags => $"has {tags.Length} tags",
        })))
        .Check(BuiltHost.Endpoints, BadEndpoints.All, ["GET /api/v1/tagless", "GET /api/v1/oddly-tagged"], GoodEndpoints.All);

    [Fact]
    public void Every_endpoint_declares_its_problems() => new Rule<IReadOnlyList<RouteEndpoint>>(
        "A client generated from the document handles exactly what it declares; an undeclared 429 is an unhandled one.",
        "Let the module list map it: its group declares what all share; add .ProducesProblem(404 …) for the slice's own.",
        endpoints => OfApi(endpoints).Select(endpoint => new Verdict(
            Route(endpoint),
            Problems.Except(Declared(endpoint)).ToArray() is { Length: > 0 } missing ? $"does not declare {string.Join(", ", missing)} as problems" : null)))
        .Check(BuiltHost.Endpoints, BadEndpoints.All, ["GET /api/v1/without-problems", "GET /api/v1/untyped-problems"], GoodEndpoints.All);

    [Fact]
    public void Every_endpoint_asks_for_one_scope_or_says_that_it_is_anonymous() => new Rule<IReadOnlyList<RouteEndpoint>>(
        "A forgotten guard is an open door that looks like all others; \"signed in\" without a scope lets every key do everything; anonymous beside a scope means anonymous.",
        "Add .RequireScope(Scopes.JobsRead), .RequireAnyCaller() when the caller only learns about itself, or .AllowAnonymous() when everyone may.",
        endpoints => endpoints.Select(endpoint => new Verdict(Route(endpoint), GuardProblem(endpoint))))
        .Check(
            BuiltHost.Endpoints,
            BadEndpoints.All,
            ["GET /api/v1/unguarded", "GET /api/v1/scopeless", "GET /api/v1/contradictory", "GET /api/v1/two-scopes", "GET /page"],
            GoodEndpoints.All);

    [Fact]
    public void What_an_operator_changes_is_audited() => new Rule<IReadOnlyList<RouteEndpoint>>(
        "Who paused the queue at three in the morning? A change that leaves no entry cannot be asked about.",
        "Add .Audited(\"thing.verb\"), and let the handler describe what only it knows.",
        endpoints => OfApi(endpoints).Where(endpoint => !Methods(endpoint).All(HttpMethods.IsGet))
            .Where(endpoint => endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Any(guard => guard.Policy == Scopes.Ops) || NameOf(endpoint) == "ActOnJobs")
            .Select(endpoint => new Verdict(Route(endpoint), endpoint.Metadata.GetMetadata<AuditedAction>() is null ? "leaves no entry in the audit trail" : null)))
        .Check(BuiltHost.Endpoints, BadEndpoints.All, ["POST /api/v1/unaudited"], GoodEndpoints.All);

    [Fact]
    public void A_slice_maps_one_route_and_only_commands_change_anything() => new Rule<IReadOnlyList<RouteEndpoint>>(
        "One use case, one route: whoever looks for a route finds the file by its name. A GET that sends a Command changes things when a browser prefetches it.",
        "Split the slice; send a Query for GET and HEAD, a Command for everything else.",
        endpoints => OfApi(endpoints).GroupBy(SliceOf).SelectMany(slice => slice.Select(endpoint => new Verdict(Route(endpoint), RouteProblem(slice.Key, endpoint, slice.Count())))))
        .Check(
            BuiltHost.Endpoints,
            BadEndpoints.OfSlices,
            ["GET /api/v1/maps-twice", "DELETE /api/v1/maps-twice", "GET /api/v1/changes-on-get", "POST /api/v1/asks-with-post", "GET /api/v1/outside"],
            GoodEndpoints.All);

    private static IEnumerable<RouteEndpoint> OfApi(IEnumerable<RouteEndpoint> endpoints) =>
        endpoints.Where(endpoint => Path(endpoint).StartsWith(Api, StringComparison.Ordinal));

    private static string Path(RouteEndpoint endpoint) => "/" + endpoint.RoutePattern.RawText?.TrimStart('/');

    private static string Route(RouteEndpoint endpoint) => $"{string.Join(",", Methods(endpoint))} {Path(endpoint)}";

    private static IReadOnlyList<string> Methods(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];

    private static string? NameOf(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName;

    private static string[] Tags(RouteEndpoint endpoint) => [.. endpoint.Metadata.GetOrderedMetadata<ITagsMetadata>().SelectMany(tags => tags.Tags)];

    private static IEnumerable<int> Declared(RouteEndpoint endpoint) => endpoint.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>()
        .Where(response => response.ContentTypes.Contains("application/problem+json", StringComparer.Ordinal))
        .Select(response => response.StatusCode);

    private static string? GuardProblem(RouteEndpoint endpoint)
    {
        var scopes = endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(guard => guard.Policy).ToArray();
        return (scopes, endpoint.Metadata.GetMetadata<IAllowAnonymous>()) switch
        {
            ([], not null) => null,
            ([], null) => "has neither a scope nor an anonymous mark",
            (_, not null) => "has a scope and an anonymous mark: everyone may call it",
            ([{ } scope], null) => Scopes.All.Append(Scopes.AnyCaller).Contains(scope, StringComparer.Ordinal) ? null : $"asks for \"{scope}\", which is no scope",
            ([null], null) => "asks for a caller but for no scope",
            _ => $"asks for {scopes.Length} scopes",
        };
    }

    /// <summary>The slice whose Endpoint wrote the route's lambda; null when none did.</summary>
    private static Type? SliceOf(RouteEndpoint endpoint)
    {
        for (var type = endpoint.Metadata.GetMetadata<MethodInfo>()?.DeclaringType; type is not null; type = type.DeclaringType)
        {
            if (type is { Name: "Endpoint", DeclaringType: { } slice })
            {
                return slice;
            }
        }

        return null;
    }

    private static string? RouteProblem(Type? slice, RouteEndpoint endpoint, int routes)
    {
        if (slice is null)
        {
            return "is mapped outside a slice";
        }

        var reads = Methods(endpoint).All(method => HttpMethods.IsGet(method) || HttpMethods.IsHead(method));
        return routes > 1 ? $"is one of {routes} routes of {slice.Name}"
            : reads && slice.GetNestedType("Command") is not null ? $"sends a Command ({slice.Name}) on GET"
            : !reads && slice.GetNestedType("Query") is not null ? $"sends a Query ({slice.Name}) on {string.Join(",", Methods(endpoint))}"
            : null;
    }
}
