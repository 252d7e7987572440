using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Dependencies;
using ArchUnitNET.Loader;
using Assembly = System.Reflection.Assembly;

namespace Modular.ArchitectureTests;

/// <summary>One type and what it uses.</summary>
internal sealed record Code(string FullName, string Namespace, IReadOnlyList<Use> Uses)
{
    // One load for all: the loader resolves each assembly's references again and again otherwise.
    private static readonly Lazy<Architecture> Loaded = new(() => new ArchLoader()
        .LoadAssemblies([.. Product.Assemblies, typeof(Code).Assembly])
        .Build());

    /// <summary>The outermost type: a nested type and what the compiler makes of lambdas belong to it.</summary>
    public string TopLevel => FullName.Split('+')[0];

    public static bool Inside(string? ns, string root) =>
        ns is not null && (ns == root || ns.StartsWith(root + ".", StringComparison.Ordinal));

    public static IReadOnlyList<Code> Of(Assembly assembly, string root) =>
    [
        .. Loaded.Value.Types
            .Where(type => type.Assembly.Name == assembly.GetName().Name && Inside(type.Namespace?.FullName, root))
            .Select(type => new Code(type.FullName, type.Namespace.FullName, [.. type.Dependencies.Select(Use.Of).Distinct()])),
    ];

    public IEnumerable<Use> Using(params string[] namespaces) => Uses.Where(use => namespaces.Any(ns => Inside(use.Namespace, ns)));
}

/// <summary>One use of a type, and of its member when one is called.</summary>
internal sealed record Use(string Type, string Namespace, string? Member)
{
    public static Use Of(ITypeDependency dependency) => new(
        dependency.Target.FullName,
        dependency.Target.Namespace?.FullName ?? "",
        (dependency as MethodCallDependency)?.TargetMember.Name);
}
