using System.Reflection;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Modular.ArchitectureTests;

/// <summary>One file of a module's Features folder: one use case.</summary>
internal sealed record Slice(CodeUnit Module, SourceFile File)
{
    /// <summary>What a slice is made of, in the order in which it is read: from input to output to rule to work to route.</summary>
    public static IReadOnlyList<string> Roles { get; } = ["Command", "Query", "Response", "Validator", "Handler", "Endpoint"];

    public string Name => File.Name;

    public string Item => $"{Module.Name}/{Name}";

    /// <summary>The class that bears the file's name; null when the file has none.</summary>
    public Type? Class => Module.Assembly.GetType($"{Module.RootNamespace}.Features.{Name}");

    public TypeDeclarationSyntax? Declaration => File.TopLevel.OfType<TypeDeclarationSyntax>().FirstOrDefault(type => type.Identifier.Text == Name);

    public Type? Request => Nested("Command") ?? Nested("Query");

    public Type? Nested(string role) => Class?.GetNestedType(role, BindingFlags.Public | BindingFlags.NonPublic);

    public IReadOnlyList<string> NestedInOrder =>
        [.. Declaration?.Members.OfType<BaseTypeDeclarationSyntax>().Select(type => type.Identifier.Text) ?? []];

    public IEnumerable<Code> Code => Module.Code.Where(code => code.TopLevel == $"{Module.RootNamespace}.Features.{Name}");
}
