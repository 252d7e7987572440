namespace Modular.ArchitectureTests.Fixtures;

/// <summary>Two modules that only the rules see: one that keeps all of them, one with a file for each way to break one.</summary>
internal static class FixtureCode
{
    public static CodeUnit Good { get; } = Unit("Good");

    public static CodeUnit Bad { get; } = Unit("Bad");

    private static CodeUnit Unit(string name) => new(
        name,
        ProjectKind.Module,
        $"{typeof(FixtureCode).Namespace}.{name}",
        typeof(FixtureCode).Assembly,
        Path.Combine(Repository.Root, "tests", "Architecture", "Fixtures", name));
}
