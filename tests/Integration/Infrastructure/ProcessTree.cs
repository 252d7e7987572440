using System.Globalization;
using System.Runtime.InteropServices;

namespace Modular.IntegrationTests.Infrastructure;

internal enum Signal
{
    Interrupt,
    Quit,
    Kill,
    Terminate,
    Stop,
    Continue,
}

/// <summary>Signals and facts of processes; the tree and the memory come from Linux's /proc.</summary>
internal static class ProcessTree
{
    public static void Send(int pid, Signal signal)
    {
        // A pid of 0 or below would reach whole process groups, ours included.
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        // A process that is already gone is what every caller of a signal can live with.
        _ = Kill(pid, Number(signal));
    }

    public static void StopAll(int root)
    {
        // Parent first, so that no child is forked behind the list; children again afterwards catch those forked just before.
        Send(root, Signal.Stop);
        foreach (var pid in Descendants(root))
            Send(pid, Signal.Stop);
    }

    public static void ContinueAll(int root)
    {
        foreach (var pid in Descendants(root))
            Send(pid, Signal.Continue);
        Send(root, Signal.Continue);
    }

    public static IReadOnlyList<int> Descendants(int root)
    {
        var children = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0)
            .Where(pid => pid > 0)
            .ToLookup(ParentOf);
        var found = new List<int>();
        var open = new Queue<int>([root]);
        while (open.TryDequeue(out var parent))
        {
            foreach (var pid in children[parent])
            {
                found.Add(pid);
                open.Enqueue(pid);
            }
        }

        return found;
    }

    /// <summary>Resident memory in bytes.</summary>
    public static long ResidentBytes(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line["VmRSS:".Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>False also for one that has ended and waits for its parent to ask how.</summary>
    public static bool IsRunning(int pid) => Stat(pid) is [var state, ..] && state is not "Z" and not "X";

    private static int ParentOf(int pid) => Stat(pid) is [_, var parent, ..] ? int.Parse(parent, CultureInfo.InvariantCulture) : -1;

    // State, parent and what follows; empty when there is no such process (any more).
    private static string[] Stat(int pid)
    {
        try
        {
            // The name in field 2 may hold spaces and parentheses: count from its last one.
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (IOException)
        {
            // It ended between the listing and the read.
            return [];
        }
    }

    private static int Number(Signal signal) => signal switch
    {
        Signal.Interrupt => 2,
        Signal.Quit => 3,
        Signal.Kill => 9,
        Signal.Terminate => 15,
        Signal.Stop => OperatingSystem.IsMacOS() ? 17 : 19,
        Signal.Continue => OperatingSystem.IsMacOS() ? 19 : 18,
        _ => throw new ArgumentOutOfRangeException(nameof(signal)),
    };

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
