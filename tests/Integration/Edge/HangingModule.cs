using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;
using Modular.Jobs.Contracts;

namespace Modular.IntegrationTests.Edge;

/// <summary>Brings a job type whose handler neither ends nor listens.</summary>
internal sealed class HangingModule : IModule
{
    public string Name => "Hanging";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
    }

    public sealed record Payload;

    public sealed record Result;

    [JobType("edge.hang", "Never ends.")]
    public sealed class Handler : IJobHandler<Payload, Result>
    {
        public Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken) => new TaskCompletionSource<Result>().Task;
    }
}
