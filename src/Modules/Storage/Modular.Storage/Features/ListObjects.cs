using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Storage.Domain;
using Modular.Storage.Persistence;

namespace Modular.Storage.Features;

internal static class ListObjects
{
    public sealed record Query(string? Prefix, string? Delimiter, int? Limit, string? Cursor) : IRequest<Response>;

    /// <param name="Items">In the order of the keys' bytes.</param>
    /// <param name="Prefixes">With a delimiter: what the folded keys have in common, each ending in a slash; else null.</param>
    /// <param name="NextCursor">Give it as <c>cursor</c> for the page after; null at the end.</param>
    public sealed record Response(IReadOnlyList<ObjectView> Items, IReadOnlyList<string>? Prefixes, string? NextCursor);

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator()
        {
            RuleFor(query => query.Prefix).Custom((prefix, context) =>
            {
                if (prefix is not null && KeyRange.Check(prefix) is { } problem)
                {
                    context.AddFailure(problem);
                }
            });
            RuleFor(query => query.Delimiter).Must(delimiter => delimiter is null or "" or "/").WithMessage("must be / or left out");
            RuleFor(query => query.Limit).PageLimit();
        }
    }

    public sealed class Handler(ListedKeys keys) : IRequestHandler<Query, Response>
    {
        public async Task<Response> Handle(Query request, CancellationToken cancellationToken)
        {
            var limit = request.Limit ?? 100;
            var isDelimited = request.Delimiter is "/";
            var after = Cursor.Decode(request.Cursor);
            if (after is not null && KeyRange.Check(after) is not null)
            {
                throw Refusal.Invalid("cursor", "must be a nextCursor of this list, unchanged");
            }

            // One more than asked for tells whether there is a next page.
            var entries = await keys.ReadAsync(request.Prefix ?? "", after, isDelimited, limit + 1, cancellationToken);
            var page = entries.Take(limit).ToList();
            return new Response(
                [.. page.Select(entry => entry.Object).OfType<StoredObject>().Select(ObjectView.Of)],
                isDelimited ? [.. page.Where(entry => entry.Object is null).Select(entry => entry.Entry)] : null,
                entries.Count > limit ? Cursor.Encode(page[^1].Entry) : null);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/objects", async (string? prefix, string? delimiter, int? limit, string? cursor, ISender sender, CancellationToken cancellationToken) =>
                TypedResults.Ok(await sender.Send(new Query(prefix, delimiter, limit, cursor), cancellationToken)))
            .WithName("ListObjects")
            .WithSummary("List objects by key")
            .RequireScope(Scopes.ObjectsRead);
    }
}
