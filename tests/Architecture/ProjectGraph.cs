using System.Xml.Linq;

namespace Modular.ArchitectureTests;

/// <summary>What a project is, by where it lies.</summary>
internal enum ProjectKind
{
    Host,
    BuildingBlocks,
    Stub,
    Module,
    Contracts,
    Test,
}

/// <summary>One csproj.</summary>
/// <param name="Path">Relative to the repository, with <c>/</c>.</param>
/// <param name="Xml">Its text, parsed.</param>
internal sealed record Project(string Path, XElement Xml)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public ProjectKind Kind => Path.Split('/') switch
    {
        ["src", "Host", ..] => ProjectKind.Host,
        ["src", "BuildingBlocks", "Stubs", ..] => ProjectKind.Stub,
        ["src", "BuildingBlocks", ..] => ProjectKind.BuildingBlocks,
        ["src", "Modules", ..] => Name.EndsWith(".Contracts", StringComparison.Ordinal) ? ProjectKind.Contracts : ProjectKind.Module,
        // A module that tests bring lives by the rules of a module.
        ["tests", "Fixtures", ..] => ProjectKind.Module,
        ["tests", ..] => ProjectKind.Test,
        _ => throw new InvalidOperationException($"{Path} lies where no project belongs: src/Host, src/BuildingBlocks, src/Modules/X or tests."),
    };

    public IReadOnlyList<string> References => [.. Includes("ProjectReference").Select(Resolve)];

    public IEnumerable<string> Includes(string item) =>
        Xml.Descendants(item).Select(element => (string?)element.Attribute("Include")).OfType<string>().Select(include => include.Replace('\\', '/'));

    private string Resolve(string reference)
    {
        var folder = System.IO.Path.GetDirectoryName(Path)!;
        return System.IO.Path.GetRelativePath("/", System.IO.Path.GetFullPath(System.IO.Path.Combine("/", folder, reference))).Replace('\\', '/');
    }
}

/// <summary>Every csproj on disk and what <c>Modular.sln</c> names.</summary>
internal sealed record ProjectGraph(IReadOnlyList<Project> Projects, IReadOnlyList<string> InSolution)
{
    public static ProjectGraph Read(string root)
    {
        var paths = Directory.EnumerateFiles(root, "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path).Replace('\\', '/'))
            .Where(path => path.StartsWith("src/", StringComparison.Ordinal) || path.StartsWith("tests/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);
        return Parse(paths.Select(path => (path, File.ReadAllText(Path.Combine(root, path)))), File.ReadAllText(Path.Combine(root, "Modular.sln")));
    }

    public static ProjectGraph Parse(IEnumerable<(string Path, string Text)> projects, string solution) =>
        new(
            [.. projects.Select(project => new Project(project.Path, XElement.Parse(project.Text)))],
            [.. solution.Split('"').Where(part => part.EndsWith(".csproj", StringComparison.Ordinal)).Select(part => part.Replace('\\', '/'))]);

    public Project? Find(string path) => Projects.FirstOrDefault(project => string.Equals(project.Path, path, StringComparison.Ordinal));

    public IEnumerable<(Project From, string To, Project? Target)> Edges =>
        Projects.SelectMany(project => project.References.Select(reference => (project, reference, Find(reference))));
}
