using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;
using Modular.Jobs.Contracts;

namespace Modular.Jobs.Features;

internal static class DeleteJob
{
    public sealed record Command(Guid Id) : IRequest;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Id).NotEmpty().WithMessage("must be a job's id");
    }

    public sealed class Handler(WaitingJobs waiting, JobReader jobs, IArtifactStore artifacts) : IRequestHandler<Command>
    {
        public async Task Handle(Command request, CancellationToken cancellationToken)
        {
            var job = await jobs.FindAsync(request.Id, cancellationToken) ?? throw Refusal.NotFound("There is no job with this id (any more).");
            if (!job.State.IsFinal())
            {
                throw Refusal.Conflict($"The job is {job.State.ToString().ToLowerInvariant()}; cancel it first, then delete it.");
            }

            // Objects first: a crash between the two leaves a job whose artifacts are gone, which a second delete ends, and never objects that nobody names.
            await artifacts.DeleteOwnedAsync([request.Id], cancellationToken);
            await waiting.DeleteAsync([request.Id], cancellationToken);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapDelete("/jobs/{id:guid}", async Task<NoContent> (Guid id, ISender sender, CancellationToken cancellationToken) =>
                {
                    await sender.Send(new Command(id), cancellationToken);
                    return TypedResults.NoContent();
                })
                .WithName("DeleteJob").WithSummary("Deletes a finished job with its events, logs and own artifacts").RequireScope(Scopes.JobsWrite)
                .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }
}
