using System.Runtime.CompilerServices;
using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Domain;
using Modular.Jobs.Engine;
using Modular.Jobs.Persistence;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Features;

internal static class StreamJobEvents
{
    /// <param name="Id">The job.</param>
    /// <param name="After">The last event that the client saw; null: begin with a snapshot.</param>
    public sealed record Query(Guid Id, int? After) : IRequest<Response>;

    /// <param name="Events">Null: the client has seen the end.</param>
    public sealed record Response(IAsyncEnumerable<StreamEvent>? Events);

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(query => query.After).GreaterThanOrEqualTo(0).OverridePropertyName("lastEventId").WithMessage("must be 0 or an id of this stream");
    }

    public sealed class Handler(JobReader jobs, EventReader events, JobChanges changes, JobMetrics metrics) : IRequestHandler<Query, Response>
    {
        public async Task<Response> Handle(Query request, CancellationToken cancellationToken)
        {
            var job = await jobs.FindAsync(request.Id, cancellationToken) ?? throw Refusal.NotFound("There is no job with this id (any more).");
            return request.After >= job.LastSeq && job.State.IsFinal()
                ? new Response(null)
                : new Response(ReadAsync(request.Id, request.After, CancellationToken.None));
        }

        private async IAsyncEnumerable<StreamEvent> ReadAsync(Guid id, int? after, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            using var tracked = metrics.TrackStream();
            // Watched before the first read: what happens between the two wakes the stream.
            using var watch = changes.Watch(id);
            if (after is null)
            {
                if (await jobs.FindAsync(id, cancellationToken) is not { } job)
                {
                    yield break;
                }

                yield return new StreamEvent(job.LastSeq, "snapshot", JobView.Of(job));
                after = job.LastSeq;
                if (job.State.IsFinal())
                {
                    yield break;
                }
            }

            while (await events.ReadAsync(id, after.Value, cancellationToken) is var (job, stored))
            {
                foreach (var item in stored)
                {
                    after = item.Seq;
                    yield return new StreamEvent(item.Seq, item.Kind.ToString().ToLowerInvariant(), item.Data);
                }

                if (job.State.IsFinal() && after >= job.LastSeq)
                {
                    yield break;
                }

                if (stored.Count == 0)
                {
                    await watch.WaitAsync(JobChanges.Poll, cancellationToken);
                }
            }
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/jobs/{id:guid}/events", async Task<Results<ServerSentEvents, NoContent>> (
                    Guid id, [FromQuery] int? lastEventId, [FromHeader(Name = "Last-Event-ID")] int? lastEventIdHeader, ISender sender, CancellationToken cancellationToken) =>
                {
                    // A browser that reconnects sends the header; the query stays in the address for ever and would be older.
                    var response = await sender.Send(new Query(id, lastEventIdHeader ?? lastEventId), cancellationToken);
                    return response.Events is { } events ? new ServerSentEvents(events) : TypedResults.NoContent();
                })
                .WithName("StreamJobEvents").WithSummary("The job's events, live, with exact resume").RequireScope(Scopes.JobsRead)
                .ProducesProblem(StatusCodes.Status404NotFound);
    }
}
