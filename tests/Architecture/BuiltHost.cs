using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Modular.Host;

namespace Modular.ArchitectureTests;

/// <summary>The Host as Program builds it, but not started: nobody asks a database, yet every service, route and document is there.</summary>
internal static class BuiltHost
{
    public static WebApplication App { get; } = Build();

    public static IReadOnlyList<RouteEndpoint> Endpoints => EndpointsOf(App);

    public static IReadOnlyList<RouteEndpoint> EndpointsOf(IEndpointRouteBuilder app) =>
        [.. app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()];

    private static WebApplication Build()
    {
        var app = ModularHost.Build(
        [
            "--environment=Production",
            "--DATABASE_URL=Host=nowhere.invalid;Database=none;Username=nobody",
            "--ADMIN_API_KEY=0123456789abcdef0123456789abcdef",
            "--STORAGE_PROVIDER=filesystem",
            "--ENABLE_DEBUG_JOBS=true",
        ]);
        // Starting does this; the OpenAPI document sees only routes that the routing middleware knows.
        app.UseEndpoints(_ => { });
        return app;
    }
}
