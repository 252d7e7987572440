using System.Runtime.CompilerServices;
using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Engine;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Features;

internal static class StreamChanges
{
    public sealed record Query : IRequest<IAsyncEnumerable<StreamEvent>>;

    public sealed class Handler(JobFeed feed, JobMetrics metrics) : IRequestHandler<Query, IAsyncEnumerable<StreamEvent>>
    {
        public Task<IAsyncEnumerable<StreamEvent>> Handle(Query request, CancellationToken cancellationToken) => Task.FromResult(ReadAsync(CancellationToken.None));

        private async IAsyncEnumerable<StreamEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            using var tracked = metrics.TrackStream();
            await foreach (var item in feed.SubscribeAsync(cancellationToken))
            {
                // Without an id: there is no replay, and a client that comes back loads its list anew.
                yield return new StreamEvent(null, "changes", item);
            }
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/events", async Task<ServerSentEvents> (ISender sender, CancellationToken cancellationToken) =>
                    new ServerSentEvents(await sender.Send(new Query(), cancellationToken)))
                .WithName("StreamChanges").WithSummary("Queue depths and job changes for lists, twice a second at most, without replay").RequireScope(Scopes.JobsRead);
    }
}
