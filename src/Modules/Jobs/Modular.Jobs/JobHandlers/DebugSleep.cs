using System.ComponentModel;
using FluentValidation;
using Modular.Jobs.Contracts;

namespace Modular.Jobs.JobHandlers;

internal static class DebugSleep
{
    public sealed record Payload(
        [property: Description("How long to sleep; 0 to 3600000.")] int Milliseconds = 0,
        [property: Description("Progress is reported, and a log line written, after each of so many equal parts; 1 to 1000.")] int Steps = 1);

    public sealed record Result(int SleptMilliseconds);

    public sealed class Validator : AbstractValidator<Payload>
    {
        public Validator()
        {
            RuleFor(payload => payload.Milliseconds).InclusiveBetween(0, 3_600_000).WithMessage("must be from 0 to 3600000");
            RuleFor(payload => payload.Steps).InclusiveBetween(1, 1000).WithMessage("must be from 1 to 1000");
        }
    }

    [JobType("debug.sleep", "Sleeps in steps, with progress and a log line after each.")]
    public sealed class Handler(TimeProvider time) : IJobHandler<Payload, Result>
    {
        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            for (var step = 1; step <= payload.Steps; step++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds((double)payload.Milliseconds / payload.Steps), time, cancellationToken);
                context.ReportProgress(100.0 * step / payload.Steps, $"step {step} of {payload.Steps}");
                context.Log(JobLogLevel.Info, $"step {step} of {payload.Steps} done");
            }

            return new Result(payload.Milliseconds);
        }
    }
}
