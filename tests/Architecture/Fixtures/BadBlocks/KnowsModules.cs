using Modular.Health;

namespace Modular.ArchitectureTests.Fixtures.BadBlocks;

/// <summary>Breaks: the BuildingBlocks know no module and no module's schema.</summary>
internal static class KnowsModules
{
    public const string Sql = "SELECT count(*) FROM jobs.queue";

    public static string Name => new HealthModule().Name;
}
