using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: parts are public and sealed.</summary>
internal static class Unsealed
{
    public sealed record Command(Guid Id) : IRequest<int>;

    public class Handler : IRequestHandler<Command, int>
    {
        public Task<int> Handle(Command request, CancellationToken cancellationToken) => Task.FromResult(1);
    }

    internal sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/bad", (ISender sender, CancellationToken cancellationToken) => sender.Send(new Command(Guid.Empty), cancellationToken));
    }
}
