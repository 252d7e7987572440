using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;
using Modular.Health.Persistence;
using Modular.Health.Probing;

namespace Modular.Health;

/// <summary>Whether the service works, and when it did not. The probes come from the modules that own the parts.</summary>
public sealed class HealthModule : IModule
{
    public string Name => "Health";

    public string Description => "Whether the service works, and when it did not.";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
        var services = builder.Services;
        services.ConfigureMarten(HealthDocuments.Configure);
        services.AddSingleton<ProcessClock>();
        services.AddHostedService(provider => provider.GetRequiredService<ProcessClock>());
        services.AddSingleton<HealthMonitor>();
        services.AddHostedService<HealthWatcher>();
    }
}
