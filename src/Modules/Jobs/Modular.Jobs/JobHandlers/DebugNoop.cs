using System.ComponentModel;
using Modular.Jobs.Contracts;

namespace Modular.Jobs.JobHandlers;

internal static class DebugNoop
{
    public sealed record Payload([property: Description("Carried along and ignored: to try payloads of a size.")] string? Fill = null);

    public sealed record Result;

    [JobType("debug.noop", "Does nothing and succeeds.")]
    public sealed class Handler : IJobHandler<Payload, Result>
    {
        private static readonly Task<Result> Nothing = Task.FromResult(new Result());

        public Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken) => Nothing;
    }
}
