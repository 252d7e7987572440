using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Modular.ArchitectureTests;

/// <summary>A C# or SQL file of a project.</summary>
/// <param name="Path">Relative to the project, with <c>/</c>.</param>
/// <param name="Text">Its text.</param>
internal sealed record SourceFile(string Path, string Text)
{
    private readonly Lazy<CompilationUnitSyntax> _syntax = new(() => CSharpSyntaxTree.ParseText(Text).GetCompilationUnitRoot());

    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>Its folder as a namespace: <c>Blobs.S3</c>.</summary>
    public string Area => System.IO.Path.GetDirectoryName(Path)!.Replace('\\', '/').Replace('/', '.');

    public bool IsCSharp => Path.EndsWith(".cs", StringComparison.Ordinal);

    public CompilationUnitSyntax Syntax => _syntax.Value;

    public string? Namespace => Syntax.Members.OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()?.Name.ToString();

    public IReadOnlyList<MemberDeclarationSyntax> TopLevel =>
        [.. Syntax.Members.SelectMany(member => member is BaseNamespaceDeclarationSyntax ns ? ns.Members : [member])];

    public static IReadOnlyList<SourceFile> Read(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(path => path.EndsWith(".cs", StringComparison.Ordinal) || path.EndsWith(".sql", StringComparison.Ordinal))
            .Select(path => (Full: path, Relative: System.IO.Path.GetRelativePath(folder, path).Replace('\\', '/')))
            // The package stubs are projects of their own inside the BuildingBlocks' folder.
            .Where(path => !path.Relative.StartsWith("Stubs/", StringComparison.Ordinal))
            .OrderBy(path => path.Relative, StringComparer.Ordinal)
            .Select(path => new SourceFile(path.Relative, File.ReadAllText(path.Full))),
    ];
}
