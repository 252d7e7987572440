using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: a question is a GET.</summary>
internal static class AsksWithPost
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
            app.MapPost("/asks-with-post", (ISender sender, CancellationToken cancellationToken) => sender.Send(new Query(Guid.Empty), cancellationToken));
        }
    }
}
