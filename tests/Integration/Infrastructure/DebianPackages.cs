namespace Modular.IntegrationTests.Infrastructure;

/// <summary>The last source of a real server: Debian's own packages, when root may install them.</summary>
internal static class DebianPackages
{
    // Two servers may be missing at once, and apt allows one at a time.
    private static readonly SemaphoreSlim One = new(1, 1);

    public static bool CanInstall => Environment.IsPrivilegedProcess && Command.Find("apt-get") is not null;

    public static async Task InstallAsync(params string[] packages)
    {
        var environment = new Dictionary<string, string?>
        {
            ["DEBIAN_FRONTEND"] = "noninteractive",
            // Single-user mode to the packages' scripts: they install, but start no service of their own.
            ["RUNLEVEL"] = "1",
        };
        await One.WaitAsync();
        try
        {
            string[] options = ["-qq", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"];
            await Command.RunAsync("apt-get", [.. options, "update"], TimeSpan.FromMinutes(3), environment);
            await Command.RunAsync(
                "apt-get", [.. options, "install", "-y", "--no-install-recommends", .. packages], TimeSpan.FromMinutes(10), environment);
        }
        finally
        {
            One.Release();
        }
    }
}
