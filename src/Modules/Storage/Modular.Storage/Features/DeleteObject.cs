using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Security;
using Modular.Storage.Domain;
using Modular.Storage.Http;
using Modular.Storage.Objects;

namespace Modular.Storage.Features;

internal static class DeleteObject
{
    public sealed record Command(ObjectKey Key, WriteConditions Conditions) : IRequest;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Key).NotNull().WithMessage("must be an object key");
    }

    public sealed class Handler(ObjectRemover remover) : IRequestHandler<Command>
    {
        public Task Handle(Command request, CancellationToken cancellationToken) =>
            remover.RemoveAsync(request.Key.Value, request.Conditions, cancellationToken);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapDelete("/objects/{**key}", async (string? key, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
            {
                await sender.Send(new Command(http.ReadKey(), http.Request.ReadWriteConditions()), cancellationToken);
                return TypedResults.NoContent();
            })
            .WithName("DeleteObject")
            .WithSummary("Delete an object; no error when there is none")
            .RequireScope(Scopes.ObjectsWrite)
            .Produces(StatusCodes.Status204NoContent)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed);
    }
}
