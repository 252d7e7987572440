using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Modular.ArchitectureTests.Fixtures;
using Modular.BuildingBlocks.Modules;
using Xunit;

namespace Modular.ArchitectureTests;

/// <summary>DESIGN rule 2: a module shows its door and its options, and its tables belong to it alone.</summary>
public sealed partial class ModuleSurfaceTests
{
    [Fact]
    public void A_module_exports_only_its_door_and_its_options() => new Rule<IReadOnlyList<CodeUnit>>(
        "What a module exports, others come to use: then it cannot change inside without asking them.",
        "Make it internal. What other modules need goes to Contracts; what the Host needs goes through IModule; settings go into a record that ends in Options.",
        modules => modules.SelectMany(module => module.Types.Where(type => type.IsVisible).Select(type => new Verdict(
            $"{module.Name}: {type.FullName![(module.RootNamespace.Length + 1)..]}",
            IsDoor(module, type) || type.Name.EndsWith("Options", StringComparison.Ordinal) ? null : "is exported"))))
        .Check(
            Product.Modules,
            [FixtureCode.Bad],
            [
                "Bad: OddModule", "Bad: Features.Exported", "Bad: Features.Exported+Command", "Bad: Features.Exported+Handler", "Bad: Features.Exported+Endpoint",
            ],
            [FixtureCode.Good]);

    [Fact]
    public void A_module_has_one_door_that_bears_its_name() => new Rule<IReadOnlyList<CodeUnit>>(
        "The Host's list, the OpenAPI tag and the database schema all come from the one IModule of an assembly.",
        "Declare exactly one `public sealed class XModule : IModule` at the module's root.",
        modules => modules.Select(module => module.Types.Where(type => typeof(IModule).IsAssignableFrom(type)).ToArray() is [var door] && IsDoor(module, door)
            ? new Verdict(module.Name)
            : new Verdict(module.Name, $"its IModule is not one sealed {module.Name}Module")))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad"], [FixtureCode.Good]);

    [Fact]
    public void Every_module_is_in_the_hosts_list() => new Rule<IReadOnlyList<(CodeUnit Module, bool Listed)>>(
        "A module that the Host does not list compiles, is tested alone, and never runs.",
        "Add it to src/Host/Modules.cs.",
        modules => modules.Select(found => new Verdict(found.Module.Name, found.Listed ? null : "is not in Modules.All")))
        .Check(
            [.. Product.Modules.Select(module => (module, Host.Modules.All.Any(door => door.GetType().Assembly == module.Assembly && door.Name == module.Name)))],
            [(FixtureCode.Bad, false)],
            ["Bad"],
            [(FixtureCode.Good, true)]);

    [Fact]
    public void Nobody_names_another_modules_schema() => new Rule<IReadOnlyList<CodeUnit>>(
        "A table that two modules know can be changed by neither; the query that crosses the border works until the day it is moved.",
        "Ask the owner through an interface of its Contracts, or keep what you need in your own schema.",
        units => units.SelectMany(unit => unit.Files.SelectMany(file => (file.IsCSharp ? SchemasInCode(file) : SchemasInSql(file.Text))
            .Distinct(StringComparer.Ordinal)
            .Where(schema => schema == Schema(unit) || Product.Modules.Any(module => schema == Schema(module)))
            .Select(schema => new Verdict($"{unit.Name}/{file.Path}: {schema}", schema == Schema(unit) && unit.Kind == ProjectKind.Module ? null : $"names the schema {schema}")))))
        .Check(
            Product.Units,
            [FixtureCode.Bad, FixtureCode.BadBlocks],
            [
                "Bad/Persistence/ForeignTables.cs: jobs", "Bad/Persistence/ForeignTables.cs: health", "Bad/Persistence/ForeignTables.cs: ops", "Bad/Persistence/Migrations/0001_foreign.sql: storage",
                "Bad/Persistence/Migrations/0001_foreign.sql: jobs", "BadBlocks/KnowsModules.cs: jobs",
            ],
            [FixtureCode.Good]);

    [Fact]
    public void A_files_namespace_is_its_folder() => new Rule<IReadOnlyList<CodeUnit>>(
        "The other rules speak of folders (Features, Domain, Blobs/S3) and see namespaces: a file that lies about its folder escapes them all.",
        "Move the file or correct its namespace.",
        units => units.SelectMany(unit => unit.Files.Where(file => file.IsCSharp && file.TopLevel.OfType<BaseTypeDeclarationSyntax>().Any()).Select(file =>
        {
            var folder = file.Area.Length == 0 ? unit.RootNamespace : $"{unit.RootNamespace}.{file.Area}";
            return new Verdict($"{unit.Name}/{file.Path}", file.Namespace == folder ? null : $"says {file.Namespace ?? "nothing"} instead of {folder}");
        })))
        .Check(Product.Units, [FixtureCode.Bad], ["Bad/Domain/Misplaced.cs"], [FixtureCode.Good]);

    private static string Schema(CodeUnit unit) => unit.Name.ToLowerInvariant();

    private static bool IsDoor(CodeUnit module, Type type) =>
        typeof(IModule).IsAssignableFrom(type) && type.IsSealed && type.FullName == $"{module.RootNamespace}.{module.Name}Module";

    /// <summary>From string literals, constants and the fixed parts of interpolations: <c>jobs.queue</c> in any of them, and a bare <c>jobs</c> where the code speaks of a schema.</summary>
    private static IEnumerable<string> SchemasInCode(SourceFile file)
    {
        foreach (var token in file.Syntax.DescendantTokens())
        {
            if (token.Kind() is SyntaxKind.StringLiteralToken or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken
                or SyntaxKind.Utf8StringLiteralToken or SyntaxKind.Utf8SingleLineRawStringLiteralToken or SyntaxKind.Utf8MultiLineRawStringLiteralToken
                or SyntaxKind.InterpolatedStringTextToken)
            {
                foreach (var schema in SchemasInSql(token.ValueText))
                {
                    yield return schema;
                }

                if (SpeaksOfSchema(token))
                {
                    yield return token.ValueText;
                }
            }
        }
    }

    private static bool SpeaksOfSchema(SyntaxToken literal) => literal.Parent?.AncestorsAndSelf().Take(4).Any(node => (node switch
    {
        InvocationExpressionSyntax call => call.Expression is MemberAccessExpressionSyntax member ? member.Name.Identifier.Text : call.Expression.ToString(),
        VariableDeclaratorSyntax variable => variable.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        AssignmentExpressionSyntax assignment => assignment.Left.ToString(),
        _ => "",
    }).Contains("schema", StringComparison.OrdinalIgnoreCase)) == true;

    private static IEnumerable<string> SchemasInSql(string text)
    {
        var statements = SqlComment().Replace(text, "");
        return QualifiedName().Matches(statements).Concat(SchemaStatement().Matches(statements)).Select(match => match.Groups["schema"].Value);
    }

    // Not part of a longer name, a path or a host: "modular.jobs", "/jobs.zip" and "ops@jobs.example" are none of ours.
    [GeneratedRegex("""(?<![\w./:@-])"?(?<schema>[a-z_]+)"?\."?[a-z_]""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex QualifiedName();

    [GeneratedRegex("""\b(SCHEMA(\s+IF(\s+NOT)?\s+EXISTS)?|search_path\s*(=|TO))\s+"?(?<schema>[a-z_]+)""", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex SchemaStatement();

    [GeneratedRegex("--.*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SqlComment();
}
