using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: one use case, one route.</summary>
internal static class MapsTwice
{
    public sealed record Query(Guid Id) : IRequest<int>;

    public sealed class Handler : IRequestHandler<Query, int>
    {
        public Task<int> Handle(Query request, CancellationToken cancellationToken) => Task.FromResult(1);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app)
        {
            app.MapGet("/maps-twice", (ISender sender, CancellationToken cancellationToken) => sender.Send(new Query(Guid.Empty), cancellationToken));
            app.MapDelete("/maps-twice", (ISender sender, CancellationToken cancellationToken) => sender.Send(new Query(Guid.Empty), cancellationToken));
        }
    }
}
