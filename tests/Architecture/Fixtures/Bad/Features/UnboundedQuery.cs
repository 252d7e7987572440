using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: a count that a client sends has bounds.</summary>
internal static class UnboundedQuery
{
    public sealed record Query(int? Limit) : IRequest<int>;

    public sealed class Handler : IRequestHandler<Query, int>
    {
        public Task<int> Handle(Query request, CancellationToken cancellationToken) => Task.FromResult(request.Limit ?? 1);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/bad", (int? limit, ISender sender, CancellationToken cancellationToken) => sender.Send(new Query(limit), cancellationToken));
    }
}
