using Modular.BuildingBlocks.Modules;
using Modular.Health;
using Modular.Jobs;
using Modular.Ops;
using Modular.Storage;

namespace Modular.Host;

internal static class Modules
{
    /// <summary>The one list: services, routes, handlers, validators, migrations and job types all come from it.</summary>
    public static IReadOnlyList<IModule> All { get; } = [new JobsModule(), new StorageModule(), new HealthModule(), new OpsModule()];
}
