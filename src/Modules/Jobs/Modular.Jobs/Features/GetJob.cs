using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;
using Modular.Jobs.Engine;

namespace Modular.Jobs.Features;

internal static class GetJob
{
    /// <param name="Id">The job.</param>
    /// <param name="Wait">Answer when the job has ended, or after this many seconds.</param>
    public sealed record Query(Guid Id, int? Wait) : IRequest<JobView>;

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(query => query.Wait).InclusiveBetween(0, 60).WithMessage("must be from 0 to 60 seconds");
    }

    public sealed class Handler(JobReader jobs, JobChanges changes, WaitReason waitReason, Lifecycle lifecycle, TimeProvider time) : IRequestHandler<Query, JobView>
    {
        public async Task<JobView> Handle(Query request, CancellationToken cancellationToken)
        {
            using var watch = changes.Watch(request.Id);
            // A replica that stops answers with the job as it is: the client asks another one.
            using var stopping = lifecycle.Stopping.Register(watch.Wake);
            var started = time.GetTimestamp();
            var patience = TimeSpan.FromSeconds(request.Wait ?? 0);
            while (true)
            {
                var job = await jobs.FindAsync(request.Id, cancellationToken) ?? throw Refusal.NotFound("There is no job with this id (any more).");
                var left = patience - time.GetElapsedTime(started);
                if (job.State.IsFinal() || left <= TimeSpan.Zero || lifecycle.Phase == LifecyclePhase.Draining)
                {
                    return JobView.Of(job, await waitReason.ExplainAsync(job, cancellationToken));
                }

                await watch.WaitAsync(left < JobChanges.Poll ? left : JobChanges.Poll, cancellationToken);
            }
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/jobs/{id:guid}", async Task<Ok<JobView>> (Guid id, int? wait, ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Ok(await sender.Send(new Query(id, wait), cancellationToken)))
                .WithName("GetJob").WithSummary("One job; with wait, when it has ended").RequireScope(Scopes.JobsRead)
                .ProducesProblem(StatusCodes.Status404NotFound);
    }
}
