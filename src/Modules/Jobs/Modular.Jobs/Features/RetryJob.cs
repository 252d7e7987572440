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

namespace Modular.Jobs.Features;

internal static class RetryJob
{
    public sealed record Command(Guid Id) : IRequest<JobView>;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Id).NotEmpty().WithMessage("must be a job's id");
    }

    public sealed class Handler(WaitingJobs waiting, JobReader jobs) : IRequestHandler<Command, JobView>
    {
        public async Task<JobView> Handle(Command request, CancellationToken cancellationToken)
        {
            var retried = await waiting.RetryAsync([request.Id], cancellationToken);
            var job = await jobs.FindAsync(request.Id, cancellationToken) ?? throw Refusal.NotFound("There is no job with this id (any more).");
            return retried.Count == 0
                ? throw Refusal.Conflict($"The job is {job.State.ToString().ToLowerInvariant()}; only a failed or cancelled job can be retried.")
                : JobView.Of(job);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/jobs/{id:guid}/retry", async Task<Accepted<JobView>> (Guid id, ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Accepted($"/api/v1/jobs/{id}", await sender.Send(new Command(id), cancellationToken)))
                .WithName("RetryJob").WithSummary("Gives a failed or cancelled job maxAttempts more attempts").RequireScope(Scopes.JobsWrite)
                .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }
}
