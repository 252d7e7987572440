using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Http.Limits;
using Modular.Health.Probing;

namespace Modular.Health.Features;

internal static class GetReadiness
{
    public sealed record Query : IRequest<Response>;

    public sealed record Response(HealthStatus Status);

    public sealed class Handler(Lifecycle lifecycle, HealthMonitor monitor) : IRequestHandler<Query, Response>
    {
        private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(2);

        public async Task<Response> Handle(Query request, CancellationToken cancellationToken)
        {
            switch (lifecycle.Phase)
            {
                case LifecyclePhase.Starting:
                    throw Refusal.Unavailable("Not ready: this replica is starting; ask again in a moment.", AskAgain);
                case LifecyclePhase.Draining:
                    throw Refusal.Unavailable("Not ready: this replica is stopping; send requests to another one.", AskAgain);
            }

            var report = await monitor.GetAsync(cancellationToken);
            return report.Status is HealthStatus.Unhealthy
                ? throw Refusal.Unavailable("Not ready: a critical part is down; GET /api/v1/health with the scope ops names it.", AskAgain)
                : new Response(report.Status);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/health/ready", async (ISender sender, CancellationToken cancellationToken) => TypedResults.Ok(await sender.Send(new Query(), cancellationToken)))
            .WithName("GetReadiness")
            .WithSummary("Readiness")
            .Unrated()
            .WithDescription("200 when requests may be sent here; 503 while starting, stopping, or with a critical part down.")
            .AllowAnonymous();
    }
}
