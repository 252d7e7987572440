using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;

namespace Modular.Jobs;

/// <summary>The Jobs module.</summary>
public sealed class JobsModule : IModule
{
    public string Name => "Jobs";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
    }
}
