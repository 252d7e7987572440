using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json;
using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Domain;
using Modular.Jobs.Engine;
using Modular.Jobs.Input;
using Modular.Jobs.Persistence;
using Modular.Jobs.Secrets;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Features;

internal static class SubmitJob
{
    /// <param name="Job">What to run.</param>
    /// <param name="Owner">The caller's API key, which an idempotency key belongs to.</param>
    /// <param name="IdempotencyKey">The same key with the same job again answers the job that the first one made.</param>
    public sealed record Command(JobInput Job, string Owner, string? IdempotencyKey) : IRequest<Response>;

    /// <param name="Job">The job.</param>
    /// <param name="IsNew">False: an earlier call with the same idempotency key made it.</param>
    public sealed record Response(JobView Job, bool IsNew);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator(IValidator<JobInput> job)
        {
            RuleFor(command => command.Job).SetValidator(job).OverridePropertyName("");
            RuleFor(command => command.IdempotencyKey).Length(1, JobRules.MaxIdempotencyKey).OverridePropertyName("Idempotency-Key")
                .WithMessage($"must be 1 to {JobRules.MaxIdempotencyKey} characters");
        }
    }

    public sealed class Handler(SubmissionQueue submissions, PayloadSeal seal, JobReader jobs, JobMetrics metrics) : IRequestHandler<Command, Response>
    {
        public async Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            var key = request.IdempotencyKey is null ? null
                : new IdempotencyKey(request.Owner, request.IdempotencyKey, SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(request.Job, Json.Options)));
            var result = await submissions.SubmitAsync(new SubmissionCall([seal.Seal(request.Job.ToNewJob())], key), cancellationToken);
            if (result.KeyMismatch)
            {
                throw Refusal.Unprocessable("This Idempotency-Key was used for another job; use a new key for a new job.");
            }

            if (result.Earlier is [var earlier])
            {
                var job = await jobs.FindAsync(earlier, cancellationToken)
                    ?? throw Refusal.NotFound("The job that this Idempotency-Key made was deleted.");
                return new Response(JobView.Of(job), IsNew: false);
            }

            var created = result.Created[0];
            metrics.Submitted(created);
            return new Response(JobView.Of(JobRecord.New(created)), IsNew: true);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/jobs", async Task<Results<Created<JobView>, Ok<JobView>>> (
                    [FromBody] JobInput job, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, ClaimsPrincipal caller, ISender sender, CancellationToken cancellationToken) =>
                {
                    var response = await sender.Send(new Command(job, caller.FindFirstValue(ClaimTypes.NameIdentifier) ?? "", idempotencyKey), cancellationToken);
                    return response.IsNew
                        ? TypedResults.Created($"/api/v1/jobs/{response.Job.Id}", response.Job)
                        : TypedResults.Ok(response.Job);
                })
                .WithName("SubmitJob").WithSummary("Submits a job; a 201 is durable").RequireScope(Scopes.JobsWrite)
                .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
                .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
                .ProducesProblem(StatusCodes.Status422UnprocessableEntity);
    }
}
