using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;

namespace Modular.Fixtures;

/// <summary>A module that registers nothing: what it adds to the Host, its files add by being there.</summary>
public sealed class FixturesModule : IModule
{
    public string Name => "Fixtures";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
    }
}
