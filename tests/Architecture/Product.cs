using System.Reflection;

namespace Modular.ArchitectureTests;

/// <summary>The product's own code: every project under <c>src</c>, so that none is forgotten.</summary>
internal static class Product
{
    public static ProjectGraph Graph { get; } = ProjectGraph.Read(Repository.Root);

    public static IReadOnlyList<CodeUnit> Units { get; } =
    [
        .. Graph.Projects
            .Where(project => project.Path.StartsWith("src/", StringComparison.Ordinal) && project.Kind != ProjectKind.Stub)
            .Select(project => new CodeUnit(
                project.Name["Modular.".Length..],
                project.Kind,
                project.Name,
                Assembly.Load(project.Name),
                Path.Combine(Repository.Root, Path.GetDirectoryName(project.Path)!))),
    ];

    public static IReadOnlyList<CodeUnit> Modules { get; } = [.. Units.Where(unit => unit.Kind == ProjectKind.Module)];

    public static IEnumerable<Assembly> Assemblies => Units.Select(unit => unit.Assembly);
}
