using System.Reflection;

namespace Modular.BuildingBlocks.Hosting;

/// <summary>Which build this is.</summary>
public static class BuildInfo
{
    private static readonly string[] Parts =
        (typeof(BuildInfo).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+', 2);

    /// <summary>Such as <c>1.4.0</c>.</summary>
    public static string Version => Parts[0];

    /// <summary>The commit it was built from; <c>unknown</c> outside a repository.</summary>
    public static string Commit => Parts.Length == 2 ? Parts[1] : "unknown";
}
