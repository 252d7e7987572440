using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;

namespace Modular.ArchitectureTests.Fixtures.Bad;

/// <summary>Breaks: the door bears the module's name.</summary>
public sealed class OddModule : IModule
{
    public string Name => "Odd";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
    }
}
