using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Modular.Storage;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: a module uses another one only through its Contracts.</summary>
internal static class ReachesAcross
{
    public sealed record Command(Guid Id) : IRequest<int>;

    public sealed class Handler : IRequestHandler<Command, int>
    {
        public Task<int> Handle(Command request, CancellationToken cancellationToken) => Task.FromResult(new StorageModule().Name.Length);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/bad", (ISender sender, CancellationToken cancellationToken) => sender.Send(new Command(Guid.Empty), cancellationToken));
    }
}
