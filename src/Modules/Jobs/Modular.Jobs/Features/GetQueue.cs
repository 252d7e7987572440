using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Contracts;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Features;

internal static class GetQueue
{
    public sealed record Query(string Name) : IRequest<QueueDepth>;

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(query => query.Name).Must(JobRules.IsName).WithMessage(JobRules.NameRule);
    }

    public sealed class Handler(Queues queues) : IRequestHandler<Query, QueueDepth>
    {
        public async Task<QueueDepth> Handle(Query request, CancellationToken cancellationToken) =>
            await queues.FindAsync(request.Name, cancellationToken) ?? throw Refusal.NotFound("No job has named this queue yet.");
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/queues/{name}", async Task<Ok<QueueDepth>> (string name, ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Ok(await sender.Send(new Query(name), cancellationToken)))
                .WithName("GetQueue").WithSummary("One queue and its depth").RequireScope(Scopes.JobsRead)
                .ProducesProblem(StatusCodes.Status404NotFound);
    }
}
