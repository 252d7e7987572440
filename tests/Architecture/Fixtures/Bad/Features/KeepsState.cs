using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: an endpoint keeps nothing.</summary>
internal static class KeepsState
{
    public sealed record Command(Guid Id) : IRequest<int>;

    public sealed class Handler : IRequestHandler<Command, int>
    {
        public Task<int> Handle(Command request, CancellationToken cancellationToken) => Task.FromResult(1);
    }

    public sealed class Endpoint(TimeProvider time) : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/bad", (ISender sender, CancellationToken cancellationToken) => sender.Send(new Command(Guid.CreateVersion7(time.GetUtcNow())), cancellationToken));
    }
}
