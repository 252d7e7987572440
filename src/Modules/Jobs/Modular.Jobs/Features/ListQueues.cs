using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Contracts;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Features;

internal static class ListQueues
{
    public sealed record Query : IRequest<Page<QueueDepth>>;

    public sealed class Handler(Queues queues) : IRequestHandler<Query, Page<QueueDepth>>
    {
        public async Task<Page<QueueDepth>> Handle(Query request, CancellationToken cancellationToken) =>
            new(await queues.ReadAsync(null, cancellationToken), null);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/queues", async Task<Ok<Page<QueueDepth>>> (ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Ok(await sender.Send(new Query(), cancellationToken)))
                .WithName("ListQueues").WithSummary("Every queue and its depth").RequireScope(Scopes.JobsRead);
    }
}
