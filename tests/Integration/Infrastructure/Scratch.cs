namespace Modular.IntegrationTests.Infrastructure;

/// <summary>One temporary folder per test run, gone when the run is, however it ends.</summary>
internal static class Scratch
{
    private static readonly Lazy<Task<(string Folder, Leash Leash)>> Root = new(CreateRootAsync);

    public static async Task<string> CreateFolderAsync(string name, string? owner = null)
    {
        var (root, _) = await Root.Value;
        var folder = Path.Combine(root, $"{name}-{Guid.NewGuid().ToString("N")[..8]}");
        Directory.CreateDirectory(folder);
        if (owner is not null)
            await Command.RunAsync("chown", [owner, folder]);
        return folder;
    }

    /// <summary>Call it when every process that writes there has ended.</summary>
    public static async Task RemoveAsync()
    {
        if (Root.IsValueCreated)
            await (await Root.Value).Leash.DisposeAsync();
    }

    private static async Task<(string Folder, Leash Leash)> CreateRootAsync()
    {
        // Root's TMPDIR may be closed to the user that servers run as.
        var parent = Environment.IsPrivilegedProcess ? "/tmp" : Path.GetTempPath();
        var folder = Path.Combine(parent, $"modular-tests-{Guid.NewGuid():N}");
        // Servers that die at the same moment may still write: try again for a while.
        var leash = await Leash.AtTheEndAsync(
            $"for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do rm -rf '{folder}' 2>/dev/null && break; sleep 0.25; done");
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        return (folder, leash);
    }
}
