using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Storage.Blobs;
using Modular.Storage.Http;
using Modular.Storage.Persistence;

namespace Modular.Storage.Features;

internal static class CreateLink
{
    public sealed record Command(string Key, int? ExpiresSeconds) : IRequest<Response>;

    public sealed record Response(Uri Url, DateTimeOffset ExpiresAt);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(command => command.Key).ObjectKey();
            RuleFor(command => command.ExpiresSeconds).NotNull().WithMessage("is required").LinkSeconds();
        }
    }

    public sealed class Handler(ObjectPointers pointers, IBlobStore blobs, DatabaseClock clock, SignedUrls urls) : IRequestHandler<Command, Response>
    {
        public async Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            var stored = await pointers.FindAsync(request.Key, cancellationToken)
                ?? throw Refusal.NotFound($"There is no object \"{request.Key}\" to link to; store it first.");
            var lifetime = TimeSpan.FromSeconds(request.ExpiresSeconds!.Value);

            // The URL's own expiry is in whole seconds: rounded up, it lasts no shorter than was asked for.
            var expiresAt = DateTimeOffset.FromUnixTimeSeconds((await clock.ReadAsync(cancellationToken)).AddMilliseconds(999).ToUnixTimeSeconds()) + lifetime;
            var direct = await blobs.PresignGetAsync(stored.BlobId, lifetime, stored.ContentType, DownloadResult.Attachment(stored.Key), cancellationToken);
            return new Response(
                direct ?? urls.Sign(
                    RequestKey.SignedObjects + ServiceUrl.Encode(stored.Key), stored.Key, new UrlPermission(HttpMethods.Get, expiresAt, Size: 0)),
                expiresAt);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPost("/objects/links", async (Command command, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
            {
                var response = await sender.Send(command, cancellationToken);
                var url = http.Absolute(response.Url);
                return TypedResults.Created(url, response with { Url = url });
            })
            .WithName("CreateLink")
            .WithSummary("Make a download link that needs no key")
            .RequireScope(Scopes.ObjectsRead)
            .ProducesProblem(StatusCodes.Status404NotFound);
    }
}
