using System.Data.Common;
using System.Reflection;
using Marten;
using Microsoft.AspNetCore.Http;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Modular.ArchitectureTests.Fixtures;
using Npgsql;
using Xunit;

namespace Modular.ArchitectureTests;

/// <summary>Nothing blocks a thread while the database works, and everything that waits can be told to stop.</summary>
public sealed class AsyncTests
{
    /// <summary>They touch what is already in memory although an Async twin exists.</summary>
    private static readonly string[] InMemory = ["Dispose", "GetFieldValue", "IsDBNull", "StartRow", "Write", "WriteNull", "WriteRow"];

    private static readonly string[] EndsQuery =
    [
        "ToList", "ToArray", "ToDictionary", "ToHashSet", "First", "FirstOrDefault", "Single", "SingleOrDefault", "Last", "LastOrDefault",
        "Count", "LongCount", "Any", "All", "Min", "Max", "Sum", "Average", "Contains", "AsEnumerable",
    ];

    [Fact]
    public void What_waits_can_be_cancelled() => new Rule<IReadOnlyList<CodeUnit>>(
        "Work that cannot be cancelled holds its connection after the client has left and its replica after SIGTERM.",
        "Take `CancellationToken cancellationToken` as the last parameter and pass it on.",
        units => units.SelectMany(unit => unit.Types.Where(type => WaitsForOthers(unit, type)).SelectMany(Waiting).Select(method => new Verdict(
            $"{unit.Name}: {method.DeclaringType!.FullName![(unit.RootNamespace.Length + 1)..]}.{method.Name}",
            method.GetParameters() is [.., { ParameterType: var last, Name: var name }] && last == typeof(CancellationToken)
                ? name == "cancellationToken" ? null : $"calls its token {name}"
                : "does not end in a CancellationToken"))))
        .Check(Product.Units, [FixtureCode.Bad], ["Bad: Persistence.BlockingReads.CannotStopAsync", "Bad: Persistence.BlockingReads.NamesItOddlyAsync"], [FixtureCode.Good]);

    [Fact]
    public void Nothing_blocks_on_the_database() => new Rule<IReadOnlyList<CodeUnit>>(
        "A thread that waits for the database serves nobody: under load the pool starves and every route becomes slow at once.",
        "Call the Async twin, with the cancellation token. Only what runs on a thread that was started for it may block.",
        units => units.SelectMany(unit => unit.Code.Where(code => code.Uses.Any(IsDatabase)).Select(code => (Code: code, Blocking: code.Uses.Where(IsBlocking).Select(use => $"{use.Type}.{use.Member}").ToArray()))
            .Select(found => new Verdict(
                $"{unit.Name}: {found.Code.FullName[(unit.RootNamespace.Length + 1)..]}",
                found.Blocking.Length == 0 || RunsOnItsOwnThread(unit, found.Code) ? null : $"calls {string.Join(", ", found.Blocking)}"))
            .Concat(unit.Files.Where(file => file.IsCSharp && EndsSync(file)).Select(file => new Verdict($"{unit.Name}/{file.Path}", "ends a Marten query without Async")))))
        .Check(Product.Units, [FixtureCode.Bad], ["Bad/Persistence/BlockingReads.cs", "Bad: Persistence.BlockingReads"], [FixtureCode.Good]);

    /// <summary>What projects promise each other, and the folders that wait for the database, for blobs and for handlers.</summary>
    private static bool WaitsForOthers(CodeUnit unit, Type type) => !typeof(Delegate).IsAssignableFrom(type) && unit.Kind switch
    {
        ProjectKind.Contracts or ProjectKind.BuildingBlocks => true,
        ProjectKind.Module => new[] { "Features", "Persistence", "Blobs", "JobHandlers" }.Any(area => Code.Inside(unit.Area(type.Namespace!), area)),
        _ => false,
    };

    private static IEnumerable<MethodInfo> Waiting(Type type)
    {
        var methods = type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(method => !method.IsSpecialName && IsAwaitable(method.ReturnType) && !method.GetParameters().Any(parameter => parameter.ParameterType == typeof(HttpContext)));
        // Somebody else's interface or base class says what the method takes.
        var given = type.IsInterface ? [] : type.GetInterfaces().Where(face => !IsOurs(face)).SelectMany(face => type.GetInterfaceMap(face).TargetMethods).ToHashSet();
        return methods.Where(method => !given.Contains(method) && IsOurs(method.GetBaseDefinition().DeclaringType!));
    }

    private static bool IsOurs(Type type) => type.Assembly.GetName().Name!.StartsWith("Modular.", StringComparison.Ordinal);

    private static bool IsAwaitable(Type type) =>
        type == typeof(Task) || type == typeof(ValueTask)
        || (type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>) || type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>)));

    /// <summary>It starts a thread itself, or nobody uses it but types that do.</summary>
    private static bool RunsOnItsOwnThread(CodeUnit unit, Code code)
    {
        var users = unit.Code.Where(user => user.TopLevel != code.TopLevel && user.Uses.Any(use => use.Type == code.FullName)).ToArray();
        return StartsThread(code) || (users.Length > 0 && users.All(StartsThread));
    }

    private static bool StartsThread(Code code) => code.Uses.Any(use => use.Type == typeof(Thread).FullName && use.Member?.StartsWith(".ctor", StringComparison.Ordinal) == true);

    private static bool IsDatabase(Use use) => Code.Inside(use.Namespace, "Marten") || Code.Inside(use.Namespace, "Npgsql") || Code.Inside(use.Namespace, "System.Data");

    private static bool IsBlocking(Use use)
    {
        var name = use.Member?.Split('(', '<')[0];
        if (name is null || InMemory.Contains(name, StringComparer.Ordinal))
        {
            return false;
        }

        var type = new[] { typeof(IQuerySession), typeof(NpgsqlConnection), typeof(DbConnection) }.Select(known => known.Assembly.GetType(use.Type)).FirstOrDefault(found => found is not null);
        var methods = type?.GetMethods() ?? [];
        // Query<T>() only begins a query, although there is a QueryAsync(sql).
        return methods.Any(method => method.Name == name + "Async") && methods.Any(method => method.Name == name && !typeof(IQueryable).IsAssignableFrom(method.ReturnType));
    }

    /// <summary><c>session.Query&lt;T&gt;()….ToList()</c> compiles against LINQ's own methods, which ask the database while the thread waits.</summary>
    private static bool EndsSync(SourceFile file) =>
        file.Syntax.DescendantNodes().OfType<InvocationExpressionSyntax>().Any(call =>
            call.Expression is MemberAccessExpressionSyntax member && EndsQuery.Contains(member.Name.Identifier.Text, StringComparer.Ordinal) && StartsAtQuery(member.Expression))
        || file.Syntax.DescendantNodes().OfType<ForEachStatementSyntax>().Any(loop => loop.AwaitKeyword.ValueText.Length == 0 && StartsAtQuery(loop.Expression));

    private static bool StartsAtQuery(ExpressionSyntax expression) => expression switch
    {
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name: GenericNameSyntax { Identifier.Text: "Query" } } } => true,
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member } => StartsAtQuery(member.Expression),
        _ => false,
    };
}
