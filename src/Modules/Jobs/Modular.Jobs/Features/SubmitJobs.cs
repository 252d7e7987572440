using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Http.Limits;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Domain;
using Modular.Jobs.Engine;
using Modular.Jobs.Input;
using Modular.Jobs.Persistence;
using Modular.Jobs.Secrets;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Features;

internal static class SubmitJobs
{
    /// <param name="Jobs">1 to 1000; all are accepted or none.</param>
    /// <param name="Owner">The caller's API key, which an idempotency key belongs to.</param>
    /// <param name="IdempotencyKey">The same key with the same jobs again answers the ids that the first call made.</param>
    public sealed record Command(IReadOnlyList<JobInput> Jobs, string Owner, string? IdempotencyKey) : IRequest<Response>;

    /// <summary>The body.</summary>
    public sealed record Batch(IReadOnlyList<JobInput> Jobs);

    /// <param name="Ids">In the order of the request.</param>
    /// <param name="IsNew">False: an earlier call with the same idempotency key made them; told by the status.</param>
    public sealed record Response(IReadOnlyList<Guid> Ids, [property: JsonIgnore] bool IsNew);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator(IValidator<JobInput> job)
        {
            RuleFor(command => command.Jobs).Must(jobs => jobs is { Count: >= 1 and <= JobRules.MaxBatch }).WithMessage($"must be 1 to {JobRules.MaxBatch} jobs")
                .DependentRules(() => RuleForEach(command => command.Jobs).NotNull().WithMessage("must be a job").SetValidator(job));
            RuleFor(command => command.IdempotencyKey).Length(1, JobRules.MaxIdempotencyKey).OverridePropertyName("Idempotency-Key")
                .WithMessage($"must be 1 to {JobRules.MaxIdempotencyKey} characters");
        }
    }

    public sealed class Handler(SubmissionQueue submissions, PayloadSeal seal, JobMetrics metrics) : IRequestHandler<Command, Response>
    {
        public async Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            var key = request.IdempotencyKey is null ? null
                : new IdempotencyKey(request.Owner, request.IdempotencyKey, SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request.Jobs, Json.Options)));
            var result = await submissions.SubmitAsync(new SubmissionCall([.. request.Jobs.Select(job => seal.Seal(job.ToNewJob()))], key), cancellationToken);
            if (result.KeyMismatch)
            {
                throw Refusal.Unprocessable("This Idempotency-Key was used for other jobs; use a new key for new jobs.");
            }

            foreach (var created in result.Created)
            {
                metrics.Submitted(created);
            }

            return new Response(result.Earlier ?? [.. result.Created.Select(job => job.Id)], IsNew: result.Earlier is null);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/jobs/batch", async Task<Results<Created<Response>, Ok<Response>>> (
                    [FromBody] Batch batch, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, ClaimsPrincipal caller, ISender sender, CancellationToken cancellationToken) =>
                {
                    var response = await sender.Send(new Command(batch.Jobs, caller.FindFirstValue(ClaimTypes.NameIdentifier) ?? "", idempotencyKey), cancellationToken);
                    return response.IsNew ? TypedResults.Created((string?)null, response) : TypedResults.Ok(response);
                })
                .WithName("SubmitJobs").WithSummary("Submits up to 1000 jobs, all or none").RequireScope(Scopes.JobsWrite).Expensive()
                .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
                .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
                .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }
}
