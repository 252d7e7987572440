using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Features;

internal static class PauseQueue
{
    public sealed record Command(string Name) : IRequest;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Name).Must(JobRules.IsName).WithMessage(JobRules.NameRule);
    }

    public sealed class Handler(Queues queues) : IRequestHandler<Command>
    {
        public Task Handle(Command request, CancellationToken cancellationToken) =>
            queues.SetPausedAsync(request.Name, paused: true, cancellationToken);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/queues/{name}/pause", async Task<NoContent> (string name, ISender sender, CancellationToken cancellationToken) =>
                {
                    await sender.Send(new Command(name), cancellationToken);
                    return TypedResults.NoContent();
                })
                .Audited("queue.pause").WithName("PauseQueue").WithSummary("Stops claiming from the queue; claimed but not started jobs are given back").RequireScope(Scopes.Ops);
    }
}
