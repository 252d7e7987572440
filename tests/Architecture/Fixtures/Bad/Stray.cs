using Carter;
using MediatR;
using Microsoft.AspNetCore.Routing;

namespace Modular.ArchitectureTests.Fixtures.Bad;

/// <summary>Breaks: requests, handlers and routes live in slices.</summary>
internal sealed record StrayRequest : IRequest;

internal sealed class StrayHandler : IRequestHandler<StrayRequest>
{
    public Task Handle(StrayRequest request, CancellationToken cancellationToken) => Task.CompletedTask;
}

internal sealed class StrayEndpoint : ICarterModule
{
    public void AddRoutes(IEndpointRouteBuilder app)
    {
    }
}
