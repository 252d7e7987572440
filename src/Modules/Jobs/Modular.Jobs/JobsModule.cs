using Marten;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;
using Modular.Jobs.Persistence;

namespace Modular.Jobs;

/// <summary>The Jobs module.</summary>
public sealed class JobsModule : IModule
{
    public string Name => "Jobs";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
        builder.Services.ConfigureMarten(JobDocuments.Configure);
    }
}
