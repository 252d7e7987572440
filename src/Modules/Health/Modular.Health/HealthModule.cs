using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;

namespace Modular.Health;

/// <summary>The Health module.</summary>
public sealed class HealthModule : IModule
{
    public string Name => "Health";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
    }
}
