using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: from input to route.</summary>
internal static class OutOfOrder
{
    public const string Route = "/out-of-order";

    public sealed class Handler : IRequestHandler<Command, int>
    {
        public Task<int> Handle(Command request, CancellationToken cancellationToken) => Task.FromResult(1);
    }

    public sealed record Command(Guid Id) : IRequest<int>;

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/bad", (ISender sender, CancellationToken cancellationToken) => sender.Send(new Command(Guid.Empty), cancellationToken));
    }
}
