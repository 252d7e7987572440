using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Domain;
using Modular.Jobs.Input;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Features;

internal static class ListJobs
{
    public sealed record Query(JobSelection Selection, int? Limit, string? Cursor) : IRequest<Page<JobListItem>>;

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator(IValidator<JobSelection> selection)
        {
            RuleFor(query => query.Selection).SetValidator(selection).OverridePropertyName("");
            RuleFor(query => query.Limit).PageLimit();
        }
    }

    public sealed class Handler(JobReader jobs) : IRequestHandler<Query, Page<JobListItem>>
    {
        public async Task<Page<JobListItem>> Handle(Query request, CancellationToken cancellationToken)
        {
            var limit = request.Limit ?? 100;
            var found = await jobs.ListAsync(request.Selection.ToFilter(), Cursor.DecodeNumber(request.Cursor), limit + 1, cancellationToken);
            return new Page<JobListItem>(
                [.. found.Take(limit).Select(JobListItem.Of)],
                found.Count > limit ? Cursor.Encode(found[limit - 1].Submission.Seq) : null);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/jobs", async Task<Ok<Page<JobListItem>>> (
                    string[]? state, string? type, string? queue, string? tag, DateTimeOffset? createdAfter, DateTimeOffset? createdBefore, Guid? id,
                    int? limit, string? cursor, ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Ok(await sender.Send(new Query(new JobSelection(state, type, queue, tag, createdAfter, createdBefore, id), limit, cursor), cancellationToken)))
                .WithName("ListJobs").WithSummary("Jobs, newest first").RequireScope(Scopes.JobsRead);
    }
}
