using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Http;
using Modular.Storage.Blobs;
using Modular.Storage.Http;
using Modular.Storage.Objects;
using Modular.Storage.Persistence;

namespace Modular.Storage.Features;

internal static class ReceiveUpload
{
    public sealed record Command(Guid Id, long Expires, long Size, string? Signature, long? ContentLength, Stream Body) : IRequest;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(command => command.Expires).SignedExpiry();
            RuleFor(command => command.ContentLength).Must((command, length) => length is null || length == command.Size)
                .WithMessage(command => $"must be {command.Size}, the size that was announced");
        }
    }

    public sealed class Handler(SignedUrls urls, UploadRows uploads, IBlobStore blobs, ILogger<Handler> logger) : IRequestHandler<Command>
    {
        public async Task Handle(Command request, CancellationToken cancellationToken)
        {
            urls.Verify(request.Id.ToString(), UrlPermission.Of(HttpMethods.Put, request.Expires, request.Size), request.Signature);
            var upload = await uploads.GetAsync(request.Id, cancellationToken);
            var blobId = Guid.CreateVersion7();
            var content = await PutAsync(blobId, upload.Size, request.Body, cancellationToken);
            Guid? discarded = blobId;
            try
            {
                if (content.Size != upload.Size)
                {
                    throw Refusal.Invalid("size", $"must be {upload.Size} bytes, as announced; {content.Size} arrived");
                }

                if (upload.Sha256 is { } expected && expected != content.Sha256)
                {
                    throw Refusal.Invalid("sha256", $"must be {expected}, as announced; what arrived has {content.Sha256}");
                }

                discarded = await uploads.AttachAsync(request.Id, blobId, content.Sha256, cancellationToken);
            }
            finally
            {
                if (discarded is { } blob)
                {
                    await blobs.DiscardAsync([blob], logger);
                }
            }
        }

        private async Task<BlobContent> PutAsync(Guid blobId, long size, Stream body, CancellationToken cancellationToken)
        {
            try
            {
                return await blobs.PutAsync(blobId, size, body.CopyToAsync, cancellationToken);
            }
            catch (BlobTooLargeException)
            {
                throw Refusal.TooLarge($"The body is larger than the {size} bytes that were announced; begin an upload with the right size.");
            }
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPut("/signed/uploads/{id:guid}", async (Guid id, long expires, long size, string? signature, HttpRequest request, ISender sender, CancellationToken cancellationToken) =>
            {
                await sender.Send(new Command(id, expires, size, signature, request.ContentLength, request.Body), cancellationToken);
                return TypedResults.NoContent();
            })
            .WithName("ReceiveUpload")
            .WithSummary("Send the bytes of an announced upload to its signed URL")
            .AllowAnonymous()
            .WithMetadata(new RequestSizeLimitAttribute(app.ServiceProvider.GetRequiredService<StorageOptions>().MaxUploadBytes))
            .Accepts<Stream>("*/*")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge);
    }
}
