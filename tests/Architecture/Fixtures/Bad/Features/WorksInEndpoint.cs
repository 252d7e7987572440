using Carter;
using Marten;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: an endpoint binds, sends and maps.</summary>
internal static class WorksInEndpoint
{
    public sealed record Command(Guid Id) : IRequest<int>;

    public sealed class Handler : IRequestHandler<Command, int>
    {
        public Task<int> Handle(Command request, CancellationToken cancellationToken) => Task.FromResult(1);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/bad", (IDocumentSession session, CancellationToken cancellationToken) => session.SaveChangesAsync(cancellationToken));
    }
}
