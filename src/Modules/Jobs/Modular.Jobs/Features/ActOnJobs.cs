using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Http.Limits;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Contracts;
using Modular.Jobs.Input;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Features;

internal static class ActOnJobs
{
    /// <param name="Action">What to do.</param>
    /// <param name="Filter">To which jobs; at least one member.</param>
    /// <param name="DryRun">Only count.</param>
    /// <param name="ExpectedCount">Refuse when another number matches: what was previewed is what is done.</param>
    public sealed record Command(BulkAction? Action, JobSelection? Filter, bool DryRun = false, long? ExpectedCount = null) : IRequest<Response>;

    /// <param name="Matched">Jobs that the filter meant.</param>
    /// <param name="Changed">Jobs that the action changed; the others were not in a state that allows it.</param>
    public sealed record Response(long Matched, long Changed);

    public enum BulkAction
    {
        Cancel,
        Retry,
        Delete,
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator(IValidator<JobSelection> selection)
        {
            RuleFor(command => command.Action).NotNull().WithMessage("must be cancel, retry or delete");
            RuleFor(command => command.Filter).NotNull().WithMessage("must name the jobs, by the members of GET /jobs")
                .Must(filter => filter is null || filter != new JobSelection()).WithMessage("must have at least one member");
            RuleFor(command => command.Filter!.State).Must(states => states is not { Count: 0 }).WithMessage("must name at least one state").When(command => command.Filter is not null);
            RuleFor(command => command.Filter!).SetValidator(selection).When(command => command.Filter is not null);
            RuleFor(command => command.ExpectedCount).GreaterThanOrEqualTo(0).WithMessage("must be 0 or more");
        }
    }

    public sealed class Handler(JobReader jobs, WaitingJobs waiting, IArtifactStore artifacts, IAuditTrail audit) : IRequestHandler<Command, Response>
    {
        private const int PageSize = 500;

        private static readonly JsonSerializerOptions Described = new(Json.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

        public async Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            var filter = request.Filter!.ToFilter();
            var (matched, last) = await jobs.CountAsync(filter, cancellationToken);
            if (request.ExpectedCount is { } expected && expected != matched)
            {
                throw Refusal.Conflict($"{matched} jobs match, not {expected}; look again and repeat with the new count.");
            }

            var action = request.Action!.Value;
            if (request.DryRun)
            {
                audit.Withdraw();
                return new Response(matched, 0);
            }

            // Before the deed: it goes page by page, and one that breaks off half way has changed jobs all the same.
            audit.Describe(action.ToString().ToLowerInvariant(), string.Create(CultureInfo.InvariantCulture, $"{matched} jobs: {JsonSerializer.Serialize(request.Filter, Described)}"));
            await audit.SaveAsync(cancellationToken);
            return new Response(matched, await ActAsync(action, filter, last, cancellationToken));
        }

        // By keyset over seq: each job is met once, also while the action moves it out of the filter, and jobs submitted meanwhile are left alone.
        private async Task<long> ActAsync(BulkAction action, JobFilter filter, long last, CancellationToken cancellationToken)
        {
            var changed = 0L;
            for (var after = 0L; after < last;)
            {
                var page = await jobs.ListIdsAsync(filter, after, last, PageSize, cancellationToken);
                if (page.Count == 0)
                {
                    break;
                }

                after = page[^1].Seq;
                changed += await ActAsync(action, [.. page.Select(job => job.Id)], cancellationToken);
            }

            return changed;
        }

        private async Task<int> ActAsync(BulkAction action, Guid[] ids, CancellationToken cancellationToken)
        {
            switch (action)
            {
                case BulkAction.Cancel:
                    var (cancelled, asked) = await waiting.CancelAsync(ids, cancellationToken);
                    return cancelled.Count + asked.Count;
                case BulkAction.Retry:
                    return (await waiting.RetryAsync(ids, cancellationToken)).Count;
                default:
                    var finished = await jobs.FilterFinishedAsync(ids, cancellationToken);
                    await artifacts.DeleteOwnedAsync(finished, cancellationToken);
                    return (await waiting.DeleteAsync(finished, cancellationToken)).Count;
            }
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/jobs/bulk", async Task<Ok<Response>> (Command command, ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Ok(await sender.Send(command, cancellationToken)))
                .Audited("jobs.bulk").WithName("ActOnJobs").WithSummary("Cancels, retries or deletes all jobs that a filter means").RequireScope(Scopes.JobsWrite).Expensive()
                .ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
    }
}
