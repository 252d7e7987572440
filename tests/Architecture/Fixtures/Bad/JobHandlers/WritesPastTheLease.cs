using Modular.Jobs.Contracts;

namespace Modular.ArchitectureTests.Fixtures.Bad.JobHandlers;

/// <summary>Breaks: a job handler writes through its context only.</summary>
internal static class WritesPastTheLease
{
    public sealed record Payload(string Key);

    public sealed record Result(long Bytes);

    public sealed class Handler(IArtifactStore objects) : IJobHandler<Payload, Result>
    {
        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            var written = await objects.WriteAsync(payload.Key, "text/plain", jobId: null, (_, _) => Task.CompletedTask, (_, _, _) => Task.CompletedTask, cancellationToken);
            return new Result(written.Size);
        }
    }
}
