using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Modular.ArchitectureTests.Fixtures.Bad.Features;
using Modular.ArchitectureTests.Fixtures.Good.Features;
using Modular.BuildingBlocks.Security;

namespace Modular.ArchitectureTests.Fixtures;

/// <summary>The routes of the good module, mapped as the module list maps them.</summary>
internal static class GoodEndpoints
{
    public static IReadOnlyList<RouteEndpoint> All { get; } = Map(app => AddRoutes(app, new GetThing.Endpoint(), new RenameThing.Endpoint()));

    internal static IReadOnlyList<RouteEndpoint> Map(Action<IEndpointRouteBuilder> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton<ISender>(_ => throw new NotSupportedException("Nobody sends here."));
        builder.Services.AddAuthorization();
        var app = builder.Build();
        map(app);
        return BuiltHost.EndpointsOf(app);
    }

    internal static void AddRoutes(IEndpointRouteBuilder app, params ICarterModule[] endpoints)
    {
        var group = app.MapGroup("/api/v1").WithTags("Good");
        DeclareProblems(group);
        foreach (var endpoint in endpoints)
        {
            endpoint.AddRoutes(group);
        }
    }

    internal static void DeclareProblems(RouteGroupBuilder group)
    {
        foreach (var status in new[] { 400, 401, 403, 429, 500, 503 })
        {
            group.ProducesProblem(status);
        }
    }
}

/// <summary>Routes that each lack one thing.</summary>
internal static class BadEndpoints
{
    /// <summary>Counted as modules for the fixtures' sake.</summary>
    public static IReadOnlyList<string> Tags { get; } = ["Good"];

    public static IReadOnlyList<RouteEndpoint> All { get; } = GoodEndpoints.Map(app =>
    {
        var plain = app.MapGroup("/api/v1");
        var tagged = app.MapGroup("/api/v1").WithTags("Good");
        var group = app.MapGroup("/api/v1").WithTags("Good");
        GoodEndpoints.DeclareProblems(group);
        GoodEndpoints.DeclareProblems(plain);

        group.MapGet("/nameless", Answer).RequireScope(Scopes.JobsRead);
        group.MapGet("/first-of-two", Answer).WithName("OneOfTwo").RequireScope(Scopes.JobsRead);
        group.MapGet("/second-of-two", Answer).WithName("OneOfTwo").RequireScope(Scopes.JobsRead);
        plain.MapGet("/tagless", Answer).WithName("Tagless").RequireScope(Scopes.JobsRead);
        plain.MapGet("/oddly-tagged", Answer).WithName("OddlyTagged").WithTags("Odd").RequireScope(Scopes.JobsRead);
        tagged.MapGet("/without-problems", Answer).WithName("WithoutProblems").RequireScope(Scopes.JobsRead);
        tagged.MapGet("/untyped-problems", Answer).WithName("UntypedProblems").RequireScope(Scopes.JobsRead)
            .Produces(400).Produces(401).Produces(403).Produces(429).Produces(500).Produces(503);
        group.MapGet("/unguarded", Answer).WithName("Unguarded");
        group.MapGet("/scopeless", Answer).WithName("Scopeless").RequireAuthorization();
        group.MapGet("/contradictory", Answer).WithName("Contradictory").RequireScope(Scopes.Ops).AllowAnonymous();
        group.MapGet("/two-scopes", Answer).WithName("TwoScopes").RequireScope(Scopes.Ops).RequireScope(Scopes.JobsRead);
        group.MapPost("/unaudited", Answer).WithName("Unaudited").RequireScope(Scopes.Ops);
        app.MapGet("/page", Answer);
    });

    public static IReadOnlyList<RouteEndpoint> OfSlices { get; } = GoodEndpoints.Map(app =>
    {
        GoodEndpoints.AddRoutes(app, new MapsTwice.Endpoint(), new ChangesOnGet.Endpoint(), new AsksWithPost.Endpoint());
        app.MapGet("/api/v1/outside", Answer);
    });

    private static string Answer() => "";
}
