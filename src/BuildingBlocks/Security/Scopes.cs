using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Modular.BuildingBlocks.Security;

/// <summary>What a caller may do. Each endpoint asks for one scope, or is marked anonymous.</summary>
public static class Scopes
{
    public const string JobsRead = "jobs:read";
    public const string JobsWrite = "jobs:write";
    public const string ObjectsRead = "objects:read";
    public const string ObjectsWrite = "objects:write";
    public const string Ops = "ops";
    public const string Metrics = "metrics";

    /// <summary>The claim that carries a scope.</summary>
    public const string ClaimType = "scope";

    /// <summary>The policy of routes that tell any recognized caller about itself: no scope is needed, but a key or a session is.</summary>
    public const string AnyCaller = "any-caller";

    public static IReadOnlyList<string> All { get; } = [JobsRead, JobsWrite, ObjectsRead, ObjectsWrite, Ops, Metrics];

    /// <summary>The caller needs a key or a session, with whatever scopes.</summary>
    public static TBuilder RequireAnyCaller<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.RequireAuthorization(AnyCaller);

    /// <summary>The caller needs <paramref name="scope"/>.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder endpoint, string scope)
        where TBuilder : IEndpointConventionBuilder => endpoint.RequireAuthorization(scope);

    /// <summary>Everyone may call; the caller is still recognized, since one with <paramref name="scope"/> is told more.</summary>
    public static TBuilder AllowAnonymousTellingMoreTo<TBuilder>(this TBuilder endpoint, string scope)
        where TBuilder : IEndpointConventionBuilder => endpoint.AllowAnonymous().WithMetadata(new TellsMoreTo(scope));

    /// <summary>One policy per scope, named as the scope. The module that knows keys adds the scheme.</summary>
    public static IServiceCollection AddScopePolicies(this IServiceCollection services)
    {
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, ScopeProblems>();
        var authorization = services.AddAuthorizationBuilder().AddPolicy(AnyCaller, policy => policy.RequireAuthenticatedUser());
        foreach (var scope in All)
        {
            authorization.AddPolicy(scope, policy => policy.RequireAuthenticatedUser().RequireClaim(ClaimType, scope));
        }

        return services;
    }
}

/// <summary>Marks an anonymous endpoint whose answer depends on the caller. On all other anonymous endpoints nobody looks up who calls.</summary>
public sealed record TellsMoreTo(string Scope);
