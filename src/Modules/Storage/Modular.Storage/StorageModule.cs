using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;

namespace Modular.Storage;

/// <summary>The Storage module.</summary>
public sealed class StorageModule : IModule
{
    public string Name => "Storage";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
    }
}
