using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.Storage.Domain;
using Modular.Storage.Http;
using Modular.Storage.Objects;
using Modular.Storage.Persistence;

namespace Modular.Storage.Features;

internal static class GetLinkedObject
{
    public sealed record Query(ObjectKey Key, long Expires, long Size, string? Signature, ReadConditions Conditions, bool WithBody) : IRequest<ObjectDownload>;

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(query => query.Expires).SignedExpiry();
    }

    public sealed class Handler(SignedUrls urls, DatabaseClock clock, ObjectReader reader) : IRequestHandler<Query, ObjectDownload>
    {
        public async Task<ObjectDownload> Handle(Query request, CancellationToken cancellationToken)
        {
            var permission = UrlPermission.Of(HttpMethods.Get, request.Expires, request.Size);
            urls.Verify(request.Key.Value, permission, request.Signature);
            if (await clock.ReadAsync(cancellationToken) >= permission.ExpiresAt)
            {
                throw SignedUrls.Forbidden("The link has expired; ask whoever gave it to you for a new one.");
            }

            return await reader.OpenAsync(request.Key.Value, request.Conditions, request.WithBody, cancellationToken);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapMethods(
                "/signed/objects/{**key}",
                [HttpMethods.Get, HttpMethods.Head],
                async (string? key, long expires, long size, string? signature, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
                {
                    var download = await sender.Send(
                        new Query(
                            http.ReadKey(RequestKey.SignedObjects), expires, size, signature, http.Request.ReadReadConditions(), WithBody: !HttpMethods.IsHead(http.Request.Method)),
                        cancellationToken);
                    return new DownloadResult(download);
                })
            .WithName("GetLinkedObject")
            .WithSummary("Download an object by a signed link")
            .AllowAnonymous()
            .Produces<Stream>(StatusCodes.Status200OK, MediaType.Default)
            .Produces<Stream>(StatusCodes.Status206PartialContent, MediaType.Default)
            .Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .ProducesProblem(StatusCodes.Status416RangeNotSatisfiable);
    }
}
