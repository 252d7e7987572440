using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Http.Limits;

namespace Modular.Health.Features;

internal static class GetLiveness
{
    public sealed record Query : IRequest<Response>;

    public sealed record Response(HealthStatus Status);

    public sealed class Handler : IRequestHandler<Query, Response>
    {
        // Asks nothing: a process that answers is alive, and restarting it mends no database.
        public Task<Response> Handle(Query request, CancellationToken cancellationToken) => Task.FromResult(new Response(HealthStatus.Healthy));
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/health/live", async (ISender sender, CancellationToken cancellationToken) => TypedResults.Ok(await sender.Send(new Query(), cancellationToken)))
            .WithName("GetLiveness")
            .WithSummary("Liveness")
            .Unrated()
            .WithDescription("200 while the process answers, whatever its database does; for a supervisor that restarts it.")
            .AllowAnonymous();
    }
}
