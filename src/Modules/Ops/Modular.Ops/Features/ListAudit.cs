using Carter;
using FluentValidation;
using Marten;
using Marten.Linq.MatchesSql;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Ops.Domain;

namespace Modular.Ops.Features;

internal static class ListAudit
{
    public sealed record Query(int? Limit, string? Cursor) : IRequest<Page<Response>>;

    public sealed record Response(DateTimeOffset At, string Actor, string Action, string? Target, string? Detail, string? ClientIp);

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(query => query.Limit).PageLimit();
    }

    public sealed class Handler(IQuerySession session) : IRequestHandler<Query, Page<Response>>
    {
        public async Task<Page<Response>> Handle(Query request, CancellationToken cancellationToken)
        {
            var limit = request.Limit ?? 100;
            IQueryable<AuditEntry> entries = session.Query<AuditEntry>();
            if (Cursor.DecodeId(request.Cursor) is { } before)
            {
                entries = entries.Where(entry => entry.MatchesSql("d.id < ?", before));
            }

            var found = await entries.OrderByDescending(entry => entry.Id).Take(limit + 1).ToListAsync(cancellationToken);
            return new Page<Response>(
                [.. found.Take(limit).Select(entry => new Response(entry.At, entry.Actor, entry.Action, entry.Target, entry.Detail, entry.ClientIp))],
                found.Count > limit ? Cursor.Encode(found[limit - 1].Id) : null);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/audit", async ([AsParameters] Query query, ISender sender, CancellationToken cancellationToken) =>
                TypedResults.Ok(await sender.Send(query, cancellationToken)))
            .WithName("ListAudit")
            .WithSummary("Audit trail")
            .WithDescription("What operators did, newest first.")
            .RequireScope(Scopes.Ops);
    }
}
