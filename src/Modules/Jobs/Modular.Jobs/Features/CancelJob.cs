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

internal static class CancelJob
{
    public sealed record Command(Guid Id) : IRequest<Response>;

    /// <param name="Job">The job after the call.</param>
    /// <param name="IsAsked">It runs: its worker was asked to stop.</param>
    public sealed record Response(JobView Job, bool IsAsked);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Id).NotEmpty().WithMessage("must be a job's id");
    }

    public sealed class Handler(WaitingJobs waiting, JobReader jobs) : IRequestHandler<Command, Response>
    {
        public async Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            var (_, asked) = await waiting.CancelAsync([request.Id], cancellationToken);
            var job = await jobs.FindAsync(request.Id, cancellationToken) ?? throw Refusal.NotFound("There is no job with this id (any more).");
            return job.State is JobState.Succeeded or JobState.Failed && asked.Count == 0
                ? throw Refusal.Conflict($"The job has {job.State.ToString().ToLowerInvariant()}; only a job that has not ended can be cancelled.")
                : new Response(JobView.Of(job), IsAsked: asked.Count > 0);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/jobs/{id:guid}/cancel", async Task<Results<Ok<JobView>, Accepted<JobView>>> (Guid id, ISender sender, CancellationToken cancellationToken) =>
                {
                    var response = await sender.Send(new Command(id), cancellationToken);
                    return response.IsAsked ? TypedResults.Accepted($"/api/v1/jobs/{id}", response.Job) : TypedResults.Ok(response.Job);
                })
                .WithName("CancelJob").WithSummary("Cancels a waiting job; asks a running one to stop").RequireScope(Scopes.JobsWrite)
                .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status409Conflict);
    }
}
