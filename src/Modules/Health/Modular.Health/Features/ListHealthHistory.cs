using Carter;
using FluentValidation;
using Marten;
using Marten.Linq.MatchesSql;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Health.Domain;

namespace Modular.Health.Features;

internal static class ListHealthHistory
{
    public sealed record Query(int? Limit, string? Cursor) : IRequest<Page<Response>>;

    /// <summary>A part changed its state, as the machine named by <paramref name="Replica"/> saw it.</summary>
    public sealed record Response(DateTimeOffset At, string Part, HealthStatus From, HealthStatus To, string? Detail, string Replica);

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(query => query.Limit).PageLimit();
    }

    public sealed class Handler(IQuerySession session) : IRequestHandler<Query, Page<Response>>
    {
        public async Task<Page<Response>> Handle(Query request, CancellationToken cancellationToken)
        {
            var limit = request.Limit ?? 100;
            IQueryable<HealthTransition> transitions = session.Query<HealthTransition>();
            if (Cursor.DecodeId(request.Cursor) is { } before)
            {
                transitions = transitions.Where(transition => transition.MatchesSql("d.id < ?", before));
            }

            var found = await transitions.OrderByDescending(transition => transition.Id).Take(limit + 1).ToListAsync(cancellationToken);
            return new Page<Response>(
                [.. found.Take(limit).Select(transition => new Response(transition.At, transition.Part, transition.From, transition.To, transition.Detail, transition.Replica))],
                found.Count > limit ? Cursor.Encode(found[limit - 1].Id) : null);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/health/history", async ([AsParameters] Query query, ISender sender, CancellationToken cancellationToken) =>
                TypedResults.Ok(await sender.Send(query, cancellationToken)))
            .WithName("ListHealthHistory")
            .WithSummary("Health history")
            .WithDescription("When parts went down and came back, newest first.")
            .RequireScope(Scopes.Ops);
    }
}
