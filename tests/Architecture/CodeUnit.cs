using System.Reflection;
using System.Runtime.CompilerServices;

namespace Modular.ArchitectureTests;

/// <summary>One project's code, seen three ways: reflection (shape), dependencies (bodies included) and source (order, constants, SQL).</summary>
/// <param name="Name">The module's name, or the project's last word.</param>
/// <param name="Kind">What kind of project it is.</param>
/// <param name="RootNamespace">Every namespace of it starts here.</param>
/// <param name="Assembly">Where it was compiled into.</param>
/// <param name="Folder">Where its sources lie.</param>
internal sealed record CodeUnit(string Name, ProjectKind Kind, string RootNamespace, Assembly Assembly, string Folder)
{
    private readonly Lazy<IReadOnlyList<SourceFile>> _files = new(() => SourceFile.Read(Folder));
    private readonly Lazy<IReadOnlyList<Code>> _code = new(() => ArchitectureTests.Code.Of(Assembly, RootNamespace));

    /// <summary>Types that somebody wrote; the compiler's own are left out.</summary>
    public IReadOnlyList<Type> Types { get; } =
        [.. Assembly.GetTypes().Where(type => ArchitectureTests.Code.Inside(type.Namespace, RootNamespace) && !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false))];

    public IReadOnlyList<SourceFile> Files => _files.Value;

    /// <summary>The same types with everything that their bodies, lambdas and state machines use.</summary>
    public IReadOnlyList<Code> Code => _code.Value;

    public IReadOnlyList<Slice> Slices => [.. Files.Where(file => file.Area == "Features").Select(file => new Slice(this, file))];

    /// <summary>The part of <paramref name="ns"/> below the root: <c>Features</c>, <c>Blobs.S3</c>, or empty.</summary>
    public string Area(string ns) => ns.Length > RootNamespace.Length ? ns[(RootNamespace.Length + 1)..] : "";
}
