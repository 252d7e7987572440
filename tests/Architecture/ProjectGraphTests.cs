using System.Xml.Linq;
using Modular.ArchitectureTests.Fixtures;
using Xunit;

namespace Modular.ArchitectureTests;

/// <summary>DESIGN rule 1: what does not reference another project cannot use it, not even through a constant or nameof, which leave no trace in the assembly.</summary>
public sealed class ProjectGraphTests
{
    [Fact]
    public void A_project_references_only_what_its_kind_may() => new Rule<ProjectGraph>(
        "The project graph is the hard wall between modules: a module that references another one is its prisoner, and Contracts that reference anything carry it into every module.",
        "Put what both need into the owner's Contracts (an interface or a record of plain types), reference that, and let the owner implement it.",
        graph => graph.Edges.Select(edge => new Verdict($"{edge.From.Name} → {edge.Target?.Name ?? edge.To}", Refusal(edge.From, edge.Target))))
        .Check(
            Product.Graph,
            BadGraph.Crossed,
            [
                "Modular.Storage → Modular.Jobs", "Modular.Storage → Modular.Host", "Modular.Jobs.Contracts → Modular.BuildingBlocks",
                "Modular.BuildingBlocks → Modular.Jobs.Contracts", "Modular.Jobs → Modular.UnitTests", "Modular.Jobs → src/Modules/Gone/Modular.Gone/Modular.Gone.csproj",
            ],
            GoodGraph.Whole);

    [Fact]
    public void Projects_form_no_cycle() => new Rule<ProjectGraph>(
        "Modules in a cycle are one module: neither can be understood, tested or moved alone.",
        "Turn one direction around: the one that is called declares an interface in its Contracts or stores a fact that the other reads.",
        graph => graph.Projects.Select(project => new Verdict(project.Name, Reaches(graph, project, project) ? "reaches itself through its references" : null)))
        .Check(Product.Graph, BadGraph.Cyclic, ["Modular.Jobs", "Modular.Storage"], GoodGraph.Whole);

    [Fact]
    public void Contracts_bring_no_package() => new Rule<ProjectGraph>(
        "Whoever references Contracts gets everything they bring: a package there (MediatR above all) is a package in every module.",
        "Say it in plain .NET types; keep the package behind the module's own door.",
        graph => graph.Projects.Where(project => project.Kind == ProjectKind.Contracts).Select(project =>
            new Verdict(project.Name, List(project.Includes("PackageReference").Concat(project.Includes("FrameworkReference")), "brings"))))
        .Check(Product.Graph, BadGraph.Crossed, ["Modular.Jobs.Contracts"], GoodGraph.Whole);

    [Fact]
    public void Only_tests_see_a_projects_internals() => new Rule<ProjectGraph>(
        "InternalsVisibleTo another module opens everything that `internal` closes, without a reference that anybody would notice.",
        "Publish what is needed in Contracts; only test projects may be named.",
        graph => graph.Projects.SelectMany(project => project.Includes("InternalsVisibleTo").Select(friend =>
            new Verdict($"{project.Name} → {friend}", graph.Projects.Any(other => other.Kind == ProjectKind.Test && other.Name == friend) ? null : "is no test project"))))
        .Check(Product.Graph, BadGraph.Crossed, ["Modular.Jobs → Modular.Storage"], GoodGraph.Whole);

    [Fact]
    public void A_project_takes_code_only_from_its_own_folder() => new Rule<ProjectGraph>(
        "A compiled link to another project's file, or a reference to a dll, walks around the project graph.",
        "Move the code to where both may reference it.",
        // Tests stand outside of the walls, and may share their infrastructure as they like.
        graph => graph.Projects.Where(project => project.Kind != ProjectKind.Test).Select(project => new Verdict(
            project.Name,
            List(project.Includes("Compile").Where(path => path.StartsWith("..", StringComparison.Ordinal)).Concat(project.Includes("Reference")), "takes"))))
        .Check(Product.Graph, BadGraph.Crossed, ["Modular.Jobs"], GoodGraph.Whole);

    [Fact]
    public void The_solution_names_every_project_and_only_those() => new Rule<ProjectGraph>(
        "A project outside the solution is not built, not tested and not seen to rot.",
        "dotnet sln Modular.sln add path/to/Project.csproj (or remove what is gone).",
        graph => graph.Projects.Select(project => new Verdict(project.Path, graph.InSolution.Contains(project.Path, StringComparer.Ordinal) ? null : "is not in Modular.sln"))
            .Concat(graph.InSolution.Where(path => graph.Find(path) is null).Select(path => new Verdict(path, "is in Modular.sln but not on disk"))))
        .Check(
            Product.Graph,
            BadGraph.Crossed,
            ["src/Modules/Jobs/Modular.Jobs/Modular.Jobs.csproj", "src/Modules/Gone/Modular.Gone/Modular.Gone.csproj"],
            GoodGraph.Whole);

    [Fact]
    public void Versions_and_warnings_are_settled_in_one_place() => new Rule<ProjectGraph>(
        "Two versions of one package meet at run time, and a warning that is off in one project is off where nobody looks.",
        "Versions go to Directory.Packages.props, severities with their reason to .editorconfig; then mend the cause.",
        graph => graph.Projects.Select(project => new Verdict(project.Name, List(Loosened(project.Xml), "sets"))))
        .Check(Product.Graph, BadGraph.Loosened, ["Modular.Jobs", "Modular.Storage"], GoodGraph.Whole);

    private static string? Refusal(Project from, Project? target)
    {
        if (target is null)
        {
            return "is not on disk";
        }

        var allowed = from.Kind switch
        {
            ProjectKind.Host => target.Kind is ProjectKind.BuildingBlocks or ProjectKind.Module or ProjectKind.Contracts,
            ProjectKind.Module => target.Kind is ProjectKind.BuildingBlocks or ProjectKind.Contracts,
            ProjectKind.BuildingBlocks => target.Kind is ProjectKind.Stub,
            ProjectKind.Test => true,
            _ => false,
        };
        return allowed ? null : $"{from.Kind} may not reference {target.Kind}";
    }

    private static bool Reaches(ProjectGraph graph, Project from, Project goal)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>(from.References);
        while (open.TryDequeue(out var path))
        {
            if (path == goal.Path)
            {
                return true;
            }

            if (seen.Add(path) && graph.Find(path) is { } next)
            {
                foreach (var reference in next.References)
                {
                    open.Enqueue(reference);
                }
            }
        }

        return false;
    }

    private static IEnumerable<string> Loosened(XElement project)
    {
        string[] properties = ["NoWarn", "WarningsNotAsErrors", "TreatWarningsAsErrors", "WarningLevel", "RunAnalyzers", "ManagePackageVersionsCentrally"];
        string[] versions = ["Version", "VersionOverride"];
        var packages = project.Descendants("PackageReference").Where(package =>
            versions.Any(name => package.Attribute(name) is not null || package.Element(name) is not null));
        return packages.Select(package => $"a version for {(string?)package.Attribute("Include")}")
            .Concat(project.Descendants().Where(element => properties.Contains(element.Name.LocalName, StringComparer.Ordinal)).Select(element => element.Name.LocalName))
            .Concat(project.Descendants().Where(element => element.Attribute("NoWarn") is not null).Select(element => $"NoWarn on {(string?)element.Attribute("Include")}"));
    }

    private static string? List(IEnumerable<string> items, string verb) => items.ToArray() is { Length: > 0 } found ? $"{verb} {string.Join(", ", found)}" : null;
}
