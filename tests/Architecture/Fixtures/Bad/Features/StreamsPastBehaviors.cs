using System.Runtime.CompilerServices;
using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: streams are IRequest of IAsyncEnumerable; validation never sees this one.</summary>
internal static class StreamsPastBehaviors
{
    public sealed record Query(Guid Id) : IStreamRequest<int>;

    public sealed class Handler : IStreamRequestHandler<Query, int>
    {
        public async IAsyncEnumerable<int> Handle(Query request, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            yield return 1;
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/bad", (ISender sender, CancellationToken cancellationToken) => sender.CreateStream(new Query(Guid.Empty), cancellationToken));
    }
}
