using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Storage.Blobs;
using Modular.Storage.Domain;
using Modular.Storage.Http;
using Modular.Storage.Objects;
using Modular.Storage.Persistence;

namespace Modular.Storage.Features;

internal static class CompleteUpload
{
    public sealed record Command(Guid Id, WriteConditions Conditions) : IRequest<ObjectView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Id).NotEmpty().WithMessage("must be the id of an upload");
    }

    public sealed class Handler(UploadRows uploads, ObjectWriter writer, IBlobStore blobs, ILogger<Handler> logger) : IRequestHandler<Command, ObjectView>
    {
        public async Task<ObjectView> Handle(Command request, CancellationToken cancellationToken)
        {
            var upload = await uploads.GetAsync(request.Id, cancellationToken);
            if (upload.Completed is { } done)
            {
                return done;
            }

            // Asked, not believed: the bytes may be what a lost commit took away again, or not sent yet.
            var size = upload.BlobId is { } sent ? await blobs.FindSizeAsync(sent, cancellationToken) : null;
            if (size is null || upload.BlobId is not { } blobId)
            {
                throw Refusal.Conflict($"No bytes have arrived for \"{upload.Key}\" yet; PUT them to the upload's url first.");
            }

            if (size != upload.Size)
            {
                throw Refusal.Invalid("size", $"must be {upload.Size} bytes, as announced; {size} arrived");
            }

            await using var pending = writer.Begin();
            if (upload.IsDirect)
            {
                await CopyAsync(upload, blobId, pending, cancellationToken);
            }
            else
            {
                pending.Adopt(upload.Key, upload.ContentType, blobId, new BlobContent(upload.Size, upload.ReceivedSha256!));
            }

            var published = await pending.PublishAsync(
                request.Conditions,
                (transaction, stored, token) => uploads.CompleteAsync(transaction, upload, ObjectView.Of(stored[0]), token),
                cancellationToken);
            if (upload.IsDirect)
            {
                await blobs.DiscardAsync([blobId], logger);
            }

            return ObjectView.Of(published[0].Object);
        }

        // The client's URL may still overwrite what it sent: the bytes that are hashed here are the bytes that are published.
        private async Task CopyAsync(Upload upload, Guid sentId, PendingObjects pending, CancellationToken cancellationToken)
        {
            var content = await pending.WriteAsync(upload.Key, upload.ContentType, expiresIn: null, jobId: null, upload.Size, async (stream, token) =>
            {
                await using var sent = await blobs.OpenAsync(sentId, 0, upload.Size, token)
                    ?? throw Refusal.Conflict("The upload changed while it was completed; ask again.");
                await sent.CopyToAsync(stream, token);
            }, cancellationToken);
            if (upload.Sha256 is { } expected && expected != content.Sha256)
            {
                throw Refusal.Invalid("sha256", $"must be {expected}, as announced; what arrived has {content.Sha256}");
            }
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPost("/objects/uploads/{id}/complete", async (Guid id, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
            {
                var stored = await sender.Send(new Command(id, http.Request.ReadWriteConditions()), cancellationToken);
                http.Response.Headers.ETag = stored.Etag;
                return TypedResults.Created(RequestKey.Objects + ServiceUrl.Encode(stored.Key), stored);
            })
            .WithName("CompleteUpload")
            .WithSummary("Check what was uploaded and publish it under its key")
            .RequireScope(Scopes.ObjectsWrite)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed);
    }
}
