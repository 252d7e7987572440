using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;

namespace Modular.Ops;

/// <summary>The Ops module.</summary>
public sealed class OpsModule : IModule
{
    public string Name => "Ops";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
    }
}
