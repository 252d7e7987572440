using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Features;

internal static class ListWorkers
{
    public sealed record Query : IRequest<Page<ReplicaView>>;

    public sealed class Handler(Replicas replicas) : IRequestHandler<Query, Page<ReplicaView>>
    {
        public async Task<Page<ReplicaView>> Handle(Query request, CancellationToken cancellationToken) =>
            new(await replicas.ListAsync(cancellationToken), null);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/workers", async Task<Ok<Page<ReplicaView>>> (ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Ok(await sender.Send(new Query(), cancellationToken)))
                .WithName("ListWorkers").WithSummary("The replicas that are alive").RequireScope(Scopes.Ops);
    }
}
