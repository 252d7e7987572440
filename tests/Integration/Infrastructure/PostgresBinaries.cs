namespace Modular.IntegrationTests.Infrastructure;

/// <summary>The folder that holds initdb and postgres, the newest version first.</summary>
internal static class PostgresBinaries
{
    private static readonly string[] Roots = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

    public static string? Find()
    {
        // What PATH shows may be a wrapper or a link: the server's files are found beside the real program.
        var onPath = Command.Find("initdb") is { } initdb
            ? Path.GetDirectoryName(File.ResolveLinkTarget(initdb, returnFinalTarget: true)?.FullName ?? initdb)
            : null;
        return Roots.Where(Directory.Exists)
            .SelectMany(Directory.EnumerateDirectories)
            .OrderByDescending(VersionOf)
            .Select(folder => Path.Combine(folder, "bin"))
            .Prepend(onPath)
            .FirstOrDefault(folder => folder is not null && File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
    }

    public static async Task<string> FindOrInstallAsync()
    {
        if (Find() is null && DebianPackages.CanInstall)
            await DebianPackages.InstallAsync("postgresql");
        return Find() ?? throw new InvalidOperationException(
            $"The tests need a PostgreSQL server. Install one (Debian: apt-get install postgresql; macOS: brew install postgresql), " +
            $"or start Docker, or name one in {PostgresServer.Variable} (postgres://user:password@host:port/db, with rights to create databases).");
    }

    private static int VersionOf(string folder) =>
        int.TryParse(Path.GetFileName(folder).Replace("postgresql@", "", StringComparison.Ordinal), out var version) ? version : 0;
}
