using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Security;
using Modular.Storage.Blobs;
using Modular.Storage.Domain;
using Modular.Storage.Http;
using Modular.Storage.Objects;
using Modular.Storage.Persistence;

namespace Modular.Storage.Features;

internal static class AbortUpload
{
    public sealed record Command(Guid Id, ObjectKey Key, WriteConditions Conditions) : IRequest;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Id).NotEmpty().WithMessage("must be the id of an upload");
    }

    public sealed class Handler(UploadRows uploads, ObjectRemover remover, IBlobStore blobs, ILogger<Handler> logger) : IRequestHandler<Command>
    {
        public async Task Handle(Command request, CancellationToken cancellationToken)
        {
            var (existed, blobId) = await uploads.RemoveAsync(request.Id, cancellationToken);
            if (blobId is { } blob)
            {
                await blobs.DiscardAsync([blob], logger);
            }

            // "uploads/{some UUID}" is also a key that a user may have chosen, and this is the route that deletes it then.
            if (!existed)
            {
                await remover.RemoveAsync(request.Key.Value, request.Conditions, cancellationToken);
            }
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapDelete("/objects/uploads/{id:guid}", async (Guid id, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
            {
                await sender.Send(new Command(id, http.ReadKey(), http.Request.ReadWriteConditions()), cancellationToken);
                return TypedResults.NoContent();
            })
            .WithName("AbortUpload")
            .WithSummary("Forget an announced upload and what was sent of it")
            .RequireScope(Scopes.ObjectsWrite)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed);
    }
}
