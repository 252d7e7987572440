using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.ArchitectureTests.Fixtures.Good.Domain;
using Modular.BuildingBlocks.Security;

namespace Modular.ArchitectureTests.Fixtures.Good.Features;

internal static class GetThing
{
    public sealed record Query(Guid Id) : IRequest<Thing>;

    public sealed class Handler : IRequestHandler<Query, Thing>
    {
        public Task<Thing> Handle(Query request, CancellationToken cancellationToken) => Task.FromResult(new Thing(request.Id, "a thing"));
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/things/{id:guid}", async (Guid id, ISender sender, CancellationToken cancellationToken) =>
                TypedResults.Ok(await sender.Send(new Query(id), cancellationToken)))
            .WithName(nameof(GetThing))
            .RequireScope(Scopes.JobsRead);
    }
}
