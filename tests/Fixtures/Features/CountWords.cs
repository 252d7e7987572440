using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Security;

namespace Modular.Fixtures.Features;

internal static class CountWords
{
    public sealed record Command(string Text, int AtLeastLetters) : IRequest<Response>;

    public sealed record Response(int Words);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(command => command.Text).NotEmpty();
            RuleFor(command => command.AtLeastLetters).InclusiveBetween(0, 100).WithMessage("must be from 0 to 100");
        }
    }

    public sealed class Handler : IRequestHandler<Command, Response>
    {
        public Task<Response> Handle(Command request, CancellationToken cancellationToken) =>
            Task.FromResult(new Response(request.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Count(word => word.Length >= request.AtLeastLetters)));
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPost("/word-counts", async (Command command, ISender sender, CancellationToken cancellationToken) =>
                TypedResults.Ok(await sender.Send(command, cancellationToken)))
            .WithName("CountWords")
            .WithSummary("Count the words of a text")
            .RequireScope(Scopes.JobsRead);
    }
}
