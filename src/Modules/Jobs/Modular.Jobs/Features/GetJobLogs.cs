using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Features;

internal static class GetJobLogs
{
    public sealed record Query(Guid Id, int? Limit, string? Cursor) : IRequest<Page<LogLine>>;

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(query => query.Limit).PageLimit();
    }

    public sealed class Handler(JobReader jobs, EventLog events) : IRequestHandler<Query, Page<LogLine>>
    {
        public async Task<Page<LogLine>> Handle(Query request, CancellationToken cancellationToken)
        {
            var limit = request.Limit ?? 100;
            var after = Cursor.DecodeNumber(request.Cursor) ?? 0;
            _ = await jobs.FindAsync(request.Id, cancellationToken) ?? throw Refusal.NotFound("There is no job with this id (any more).");
            var lines = await events.ReadLinesAsync(request.Id, (int)Math.Clamp(after, 0, int.MaxValue), limit + 1, cancellationToken);
            return new Page<LogLine>([.. lines.Take(limit)], lines.Count > limit ? Cursor.Encode(lines[limit - 1].Seq) : null);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/jobs/{id:guid}/logs", async Task<Ok<Page<LogLine>>> (Guid id, int? limit, string? cursor, ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Ok(await sender.Send(new Query(id, limit, cursor), cancellationToken)))
                .WithName("GetJobLogs").WithSummary("The job's log lines, oldest first").RequireScope(Scopes.JobsRead)
                .ProducesProblem(StatusCodes.Status404NotFound);
    }
}
