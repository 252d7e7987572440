namespace Modular.ArchitectureTests.Fixtures;

/// <summary>Projects that only the rules see: some keep all of them, the others have a file for each way to break one.</summary>
internal static class FixtureCode
{
    public static CodeUnit Good { get; } = Unit("Good", ProjectKind.Module);

    public static CodeUnit GoodContracts { get; } = Unit("GoodContracts", ProjectKind.Contracts);

    public static CodeUnit Bad { get; } = Unit("Bad", ProjectKind.Module);

    public static CodeUnit BadBlocks { get; } = Unit("BadBlocks", ProjectKind.BuildingBlocks);

    public static CodeUnit BadContracts { get; } = Unit("BadContracts", ProjectKind.Contracts);

    private static CodeUnit Unit(string name, ProjectKind kind) => new(
        name,
        kind,
        $"{typeof(FixtureCode).Namespace}.{name}",
        typeof(FixtureCode).Assembly,
        Path.Combine(Repository.Root, "tests", "Architecture", "Fixtures", name));
}
