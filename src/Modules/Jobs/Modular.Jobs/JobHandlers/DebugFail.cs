using System.ComponentModel;
using FluentValidation;
using Modular.Jobs.Contracts;

namespace Modular.Jobs.JobHandlers;

internal static class DebugFail
{
    public sealed record Payload(
        [property: Description("The error's message; at most 1000 characters.")] string Message = "asked to fail",
        [property: Description("How many attempts fail before one succeeds; 1 to 50.")] int Attempts = 50);

    public sealed record Result(int SucceededOnAttempt);

    public sealed class Validator : AbstractValidator<Payload>
    {
        public Validator()
        {
            RuleFor(payload => payload.Message).Length(1, 1000).WithMessage("must be 1 to 1000 characters");
            RuleFor(payload => payload.Attempts).InclusiveBetween(1, 50).WithMessage("must be from 1 to 50");
        }
    }

    [JobType("debug.fail", "Fails its first attempts, then succeeds.")]
    public sealed class Handler : IJobHandler<Payload, Result>
    {
        public Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken) =>
            context.Attempt > payload.Attempts
                ? Task.FromResult(new Result(context.Attempt))
                : throw new InvalidOperationException(payload.Message);
    }
}
