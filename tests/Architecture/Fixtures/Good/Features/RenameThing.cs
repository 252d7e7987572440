using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.ArchitectureTests.Fixtures.Good.Domain;
using Modular.BuildingBlocks.Security;

namespace Modular.ArchitectureTests.Fixtures.Good.Features;

internal static class RenameThing
{
    public sealed record Command(Guid Id, string Name) : IRequest<Response>;

    public sealed record Response(Guid Id, string Name);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Name).Length(1, Thing.LongestName);
    }

    public sealed class Handler : IRequestHandler<Command, Response>
    {
        public Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            var thing = new Thing(request.Id, "old").Rename(request.Name);
            return Task.FromResult(new Response(thing.Id, thing.Name));
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPut("/things/{id:guid}", async (Guid id, string name, ISender sender, CancellationToken cancellationToken) =>
                TypedResults.Ok(await sender.Send(new Command(id, name), cancellationToken)))
            .WithName(nameof(RenameThing))
            .Audited("thing.rename")
            .RequireScope(Scopes.Ops);
    }
}
