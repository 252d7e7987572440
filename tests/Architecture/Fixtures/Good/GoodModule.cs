using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;

namespace Modular.ArchitectureTests.Fixtures.Good;

/// <summary>A module that keeps every rule.</summary>
public sealed class GoodModule : IModule
{
    public string Name => "Good";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
    }
}

/// <summary>Its settings.</summary>
/// <param name="Things">How many.</param>
public sealed record GoodOptions(int Things);
