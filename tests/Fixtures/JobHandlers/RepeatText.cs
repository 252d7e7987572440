using System.ComponentModel;
using FluentValidation;
using Modular.Jobs.Contracts;

namespace Modular.Fixtures.JobHandlers;

internal static class RepeatText
{
    public sealed record Payload(
        [property: Description("What to repeat.")] string Text,
        [property: Description("How often, 1 to 9.")] int Times);

    public sealed record Result(string Text);

    public sealed class Validator : AbstractValidator<Payload>
    {
        public Validator()
        {
            RuleFor(payload => payload.Text).NotEmpty();
            RuleFor(payload => payload.Times).InclusiveBetween(1, 9).WithMessage("must be from 1 to 9");
        }
    }

    [JobType("fixtures.repeat", "Repeats a text; the result holds it.")]
    public sealed class Handler : IJobHandler<Payload, Result>
    {
        public Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            context.Log(JobLogLevel.Info, $"Repeating {payload.Times} times");
            context.ReportProgress(100);
            return Task.FromResult(new Result(string.Concat(Enumerable.Repeat(payload.Text, payload.Times))));
        }
    }
}
