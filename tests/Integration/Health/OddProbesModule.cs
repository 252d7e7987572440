using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Modules;

namespace Modular.IntegrationTests.Health;

/// <summary>A module whose parts are in all the states there are, none of them critical unless a test says so.</summary>
public sealed class OddProbesModule(bool isCritical = false) : IModule
{
    public string Name => "OddProbes";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
        Add(builder, "silent", _ => new TaskCompletionSource<ProbeResult>().Task);
        Add(builder, "broken", _ => throw new InvalidOperationException("Password=secret"));
        Add(builder, "slow", _ => Task.FromResult(new ProbeResult(HealthStatus.Degraded, "answers late", new Dictionary<string, object?> { ["queued"] = 7, ["capacity"] = null })));
        Add(builder, "off", _ => Task.FromResult(new ProbeResult(HealthStatus.Disabled)));
    }

    private void Add(IHostApplicationBuilder builder, string name, Func<CancellationToken, Task<ProbeResult>> check) =>
        builder.Services.AddSingleton<IHealthProbe>(new Probe(name, isCritical, check));

    private sealed record Probe(string Name, bool IsCritical, Func<CancellationToken, Task<ProbeResult>> Check) : IHealthProbe
    {
        public Task<ProbeResult> CheckAsync(CancellationToken cancellationToken) => Check(cancellationToken);
    }
}
