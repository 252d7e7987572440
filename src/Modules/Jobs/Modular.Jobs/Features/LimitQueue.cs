using System.Globalization;
using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Contracts;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Features;

internal static class LimitQueue
{
    /// <param name="Name">The queue; made when no job has named it yet.</param>
    /// <param name="Concurrency">How many of its jobs may run at once over all replicas; null: no limit.</param>
    public sealed record Command(string Name, int? Concurrency) : IRequest<QueueDepth>;

    /// <summary>The body.</summary>
    public sealed record Limit(int? Concurrency);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator()
        {
            RuleFor(command => command.Name).Must(JobRules.IsName).WithMessage(JobRules.NameRule);
            RuleFor(command => command.Concurrency).InclusiveBetween(1, 100_000).WithMessage("must be from 1 to 100000, or null for no limit");
        }
    }

    public sealed class Handler(Queues queues, IAuditTrail audit) : IRequestHandler<Command, QueueDepth>
    {
        public async Task<QueueDepth> Handle(Command request, CancellationToken cancellationToken)
        {
            audit.Describe(target: null, request.Concurrency is { } limit ? string.Create(CultureInfo.InvariantCulture, $"at most {limit} at once") : "no limit");
            await queues.SetConcurrencyAsync(request.Name, request.Concurrency, cancellationToken);
            return (await queues.FindAsync(request.Name, cancellationToken))!;
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPut("/queues/{name}", async Task<Ok<QueueDepth>> (string name, Limit limit, ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Ok(await sender.Send(new Command(name, limit.Concurrency), cancellationToken)))
                .Audited("queue.limit").WithName("LimitQueue").WithSummary("Sets how many jobs of the queue run at once, over all replicas").RequireScope(Scopes.Ops)
                .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
    }
}
