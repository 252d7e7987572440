namespace Modular.ArchitectureTests.Fixtures;

/// <summary>A solution as it should be, in four projects.</summary>
internal static class GoodGraph
{
    public const string Blocks = "src/BuildingBlocks/Modular.BuildingBlocks.csproj";
    public const string Contracts = "src/Modules/Jobs/Modular.Jobs.Contracts/Modular.Jobs.Contracts.csproj";
    public const string Jobs = "src/Modules/Jobs/Modular.Jobs/Modular.Jobs.csproj";
    public const string Storage = "src/Modules/Storage/Modular.Storage/Modular.Storage.csproj";
    public const string Host = "src/Host/Modular.Host.csproj";
    public const string Tests = "tests/Unit/Modular.UnitTests.csproj";

    public static ProjectGraph Whole { get; } = Graph(
        (Blocks, Items("<PackageReference Include='MediatR' />", Friend("Modular.UnitTests"))),
        (Contracts, ""),
        (Jobs, Items(Reference("../../../BuildingBlocks/Modular.BuildingBlocks.csproj"), Reference("../Modular.Jobs.Contracts/Modular.Jobs.Contracts.csproj"))),
        (Storage, Items(Reference("../../../BuildingBlocks/Modular.BuildingBlocks.csproj"), Reference("..\\..\\Jobs\\Modular.Jobs.Contracts\\Modular.Jobs.Contracts.csproj"))),
        (Host, Items(Reference("../BuildingBlocks/Modular.BuildingBlocks.csproj"), Reference("../Modules/Jobs/Modular.Jobs/Modular.Jobs.csproj"))),
        (Tests, Items(Reference("../../src/Host/Modular.Host.csproj"))));

    internal static ProjectGraph Graph(params (string Path, string Body)[] projects) =>
        ProjectGraph.Parse(projects.Select(project => (project.Path, $"<Project>{project.Body}</Project>")), Solution(projects.Select(project => project.Path)));

    internal static string Solution(IEnumerable<string> paths) =>
        string.Join('\n', paths.Select(path => $"""Project("kind") = "name", "{path.Replace('/', '\\')}", "id" """));

    internal static string Items(params string[] items) => $"<ItemGroup>{string.Concat(items)}</ItemGroup>";

    internal static string Reference(string path) => $"<ProjectReference Include='{path}' />";

    internal static string Friend(string name) => $"<InternalsVisibleTo Include='{name}' />";
}

/// <summary>Solutions that break the rules of the project graph.</summary>
internal static class BadGraph
{
    /// <summary>References, friends, links and packages where none may be; a project outside the solution and one that is gone.</summary>
    public static ProjectGraph Crossed { get; } = ProjectGraph.Parse(
        [
            (GoodGraph.Blocks, Body(GoodGraph.Reference("../Modules/Jobs/Modular.Jobs.Contracts/Modular.Jobs.Contracts.csproj"))),
            (GoodGraph.Contracts, Body(GoodGraph.Reference("../../../BuildingBlocks/Modular.BuildingBlocks.csproj"), "<PackageReference Include='MediatR' />")),
            (GoodGraph.Jobs, Body(
                GoodGraph.Reference("../../../../tests/Unit/Modular.UnitTests.csproj"),
                GoodGraph.Reference("../../Gone/Modular.Gone/Modular.Gone.csproj"),
                GoodGraph.Friend("Modular.Storage"),
                "<Compile Include='../../Storage/Modular.Storage/Blobs/BlobId.cs' Link='BlobId.cs' />")),
            (GoodGraph.Storage, Body(GoodGraph.Reference("../../Jobs/Modular.Jobs/Modular.Jobs.csproj"), GoodGraph.Reference("../../../Host/Modular.Host.csproj"))),
            (GoodGraph.Host, Body(GoodGraph.Reference("../BuildingBlocks/Modular.BuildingBlocks.csproj"))),
            (GoodGraph.Tests, Body(GoodGraph.Reference("../../src/Host/Modular.Host.csproj"))),
        ],
        GoodGraph.Solution(
            [GoodGraph.Blocks, GoodGraph.Contracts, GoodGraph.Storage, GoodGraph.Host, GoodGraph.Tests, "src/Modules/Gone/Modular.Gone/Modular.Gone.csproj"]));

    /// <summary>Two modules that reference each other, and a Host that only reaches them.</summary>
    public static ProjectGraph Cyclic { get; } = GoodGraph.Graph(
        (GoodGraph.Jobs, GoodGraph.Items(GoodGraph.Reference("../../Storage/Modular.Storage/Modular.Storage.csproj"))),
        (GoodGraph.Storage, GoodGraph.Items(GoodGraph.Reference("../../Jobs/Modular.Jobs/Modular.Jobs.csproj"))),
        (GoodGraph.Host, GoodGraph.Items(GoodGraph.Reference("../Modules/Jobs/Modular.Jobs/Modular.Jobs.csproj"))));

    /// <summary>A version of its own, and a warning switched off.</summary>
    public static ProjectGraph Loosened { get; } = GoodGraph.Graph(
        (GoodGraph.Jobs, GoodGraph.Items("<PackageReference Include='Npgsql' VersionOverride='10.0.0' />")),
        (GoodGraph.Storage, "<PropertyGroup><NoWarn>CA2007</NoWarn></PropertyGroup>"),
        (GoodGraph.Contracts, "<PropertyGroup><Version>2.0.1</Version></PropertyGroup>"));

    private static string Body(params string[] items) => $"<Project>{GoodGraph.Items(items)}</Project>";
}
