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
using Modular.Ops.Persistence;

namespace Modular.Ops.Features;

internal static class ListApiKeys
{
    public sealed record Query(int? Limit, string? Cursor) : IRequest<Page<Response>>;

    /// <summary>A key without its text. <paramref name="LastUsedAt"/> lags some seconds; null: never used.</summary>
    public sealed record Response(
        Guid Id,
        string Name,
        IReadOnlyList<string> Scopes,
        DateTimeOffset CreatedAt,
        DateTimeOffset? ExpiresAt,
        int? RateLimitPerMinute,
        DateTimeOffset? LastUsedAt);

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(query => query.Limit).PageLimit();
    }

    public sealed class Handler(IQuerySession session, LastUses lastUses) : IRequestHandler<Query, Page<Response>>
    {
        public async Task<Page<Response>> Handle(Query request, CancellationToken cancellationToken)
        {
            var limit = request.Limit ?? 100;
            IQueryable<ApiKey> keys = session.Query<ApiKey>();
            if (Cursor.DecodeId(request.Cursor) is { } before)
            {
                keys = keys.Where(key => key.MatchesSql("d.id < ?", before));
            }

            var found = await keys.OrderByDescending(key => key.Id).Take(limit + 1).ToListAsync(cancellationToken);
            var shown = found.Take(limit).ToArray();
            var uses = await lastUses.OfAsync(shown.Select(key => key.Id).ToArray(), cancellationToken);
            return new Page<Response>(
                [
                    .. shown.Select(key => new Response(
                        key.Id, key.Name, key.Scopes, key.CreatedAt, key.ExpiresAt, key.RateLimitPerMinute, uses.TryGetValue(key.Id, out var at) ? at : null)),
                ],
                found.Count > limit ? Cursor.Encode(shown[^1].Id) : null);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/api-keys", async ([AsParameters] Query query, ISender sender, CancellationToken cancellationToken) =>
                TypedResults.Ok(await sender.Send(query, cancellationToken)))
            .WithName("ListApiKeys")
            .WithSummary("List API keys")
            .WithDescription("Newest first, without their text.")
            .RequireScope(Scopes.Ops);
    }
}
