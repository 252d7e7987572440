namespace Modular.IntegrationTests.Infrastructure;

/// <summary>Prometheus and its promtool, from PATH or from Debian's package.</summary>
internal static class PrometheusBinaries
{
    // Two test classes may find it missing at once.
    private static readonly Lazy<Task> Installed = new(async () =>
    {
        if ((Command.Find("prometheus") is null || Command.Find("promtool") is null) && DebianPackages.CanInstall)
            await DebianPackages.InstallAsync("prometheus");
    });

    public static async Task<string> FindOrInstallAsync(string program)
    {
        await Installed.Value;
        return Command.Find(program) ?? throw new InvalidOperationException($"The tests need {program}. Install it (Debian: apt-get install prometheus; macOS: brew install prometheus).");
    }
}
