using Carter;
using FluentValidation;
using Marten;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Ops.Authentication;
using Modular.Ops.Domain;

namespace Modular.Ops.Features;

internal static class RevokeApiKey
{
    public sealed record Command(Guid Id) : IRequest;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Id).NotEmpty().WithMessage("must be the id of a key");
    }

    public sealed class Handler(IDocumentSession session, KeyRing keys, IAuditTrail audit) : IRequestHandler<Command>
    {
        public async Task Handle(Command request, CancellationToken cancellationToken)
        {
            var key = await session.LoadAsync<ApiKey>(request.Id, cancellationToken)
                ?? throw Refusal.NotFound("No such API key; GET /api/v1/api-keys lists them. It may have been revoked already.");
            session.Delete(key);
            session.QueueSqlCommand("DELETE FROM ops.api_key_use WHERE key_id = ?", key.Id);
            audit.Describe(target: null, key.Name);
            await session.SaveChangesAsync(cancellationToken);
            keys.Forget(key);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapDelete("/api-keys/{id:guid}", async (Guid id, ISender sender, CancellationToken cancellationToken) =>
            {
                await sender.Send(new Command(id), cancellationToken);
                return TypedResults.NoContent();
            })
            .WithName("RevokeApiKey")
            .WithSummary("Revoke an API key")
            .WithDescription("It and its sessions end on every replica within 5 s.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .Audited("key.revoke")
            .RequireScope(Scopes.Ops);
    }
}
