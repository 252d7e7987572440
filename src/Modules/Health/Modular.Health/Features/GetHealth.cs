using System.Security.Claims;
using System.Text.Json.Serialization;
using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Security;
using Modular.Health.Probing;

namespace Modular.Health.Features;

internal static class GetHealth
{
    /// <param name="ShowServices">The caller may see the parts.</param>
    public sealed record Query(bool ShowServices) : IRequest<Response>;

    public sealed record Response(
        HealthStatus Status,
        string Version,
        double UptimeSeconds,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, Part>? Services);

    public sealed record Part(HealthStatus Status, double LatencyMs, string? Detail)
    {
        /// <summary>What the part tells beside its status, as members of its own.</summary>
        [JsonExtensionData]
        public IDictionary<string, object?> Data { get; init; } = new Dictionary<string, object?>(StringComparer.Ordinal);
    }

    public sealed class Handler(HealthMonitor monitor, ProcessClock clock) : IRequestHandler<Query, Response>
    {
        public async Task<Response> Handle(Query request, CancellationToken cancellationToken)
        {
            var report = await monitor.GetAsync(cancellationToken);
            var services = request.ShowServices
                ? report.Parts.ToDictionary(part => part.Name, part => new Part(part.Status, part.LatencyMs, part.Detail) { Data = Copy(part.Data) }, StringComparer.Ordinal)
                : null;
            return new Response(report.Status, BuildInfo.Version, Math.Round(clock.Uptime.TotalSeconds, 1), services);
        }

        private static Dictionary<string, object?> Copy(IReadOnlyDictionary<string, object?>? data) =>
            data is null ? [] : new Dictionary<string, object?>(data, StringComparer.Ordinal);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/health", async (ClaimsPrincipal caller, ISender sender, CancellationToken cancellationToken) =>
            {
                var response = await sender.Send(new Query(caller.HasClaim(Scopes.ClaimType, Scopes.Ops)), cancellationToken);
                return TypedResults.Json(response, statusCode: response.Status is HealthStatus.Unhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
            })
            .WithName("GetHealth")
            .WithSummary("Health")
            .WithDescription("Status, version and uptime; the parts for callers with the scope ops. Healthy and degraded are 200, unhealthy is 503.")
            .Produces<Response>()
            .Produces<Response>(StatusCodes.Status503ServiceUnavailable)
            .AllowAnonymousTellingMoreTo(Scopes.Ops);
    }
}
