namespace Modular.IntegrationTests.Infrastructure;

/// <summary>Runs a program to its end, and finds the programs of this machine.</summary>
internal static class Command
{
    // Debian keeps daemons outside a user's PATH.
    private static readonly string[] SystemFolders = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"];

    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(SystemFolders)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    /// <summary>The output of a program that ended well; anything else throws with what it said.</summary>
    public static async Task<string> RunAsync(
        string program,
        IEnumerable<string> arguments,
        TimeSpan? timeout = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        CancellationToken cancellationToken = default)
    {
        var (code, output) = await TryRunAsync(program, arguments, timeout, environment, cancellationToken);
        return code == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}:\n{output}");
    }

    public static async Task<(int Code, string Output)> TryRunAsync(
        string program,
        IEnumerable<string> arguments,
        TimeSpan? timeout = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        CancellationToken cancellationToken = default)
    {
        // On a leash as the servers are: a command that waits for a server of a killed run would wait for ever.
        await using var leash = await Leash.StartAsync(program, arguments, environment: environment);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout ?? TimeSpan.FromSeconds(60));
        try
        {
            await leash.WaitForExitAsync(deadline.Token);
            return (leash.ExitCode, string.Join('\n', leash.Output));
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end in time: {string.Join('\n', leash.Output)}", exception);
        }
    }

    /// <summary>The user that servers run as when the tests run as root; null when they do not.</summary>
    public static string? ServerUser { get; } =
        !Environment.IsPrivilegedProcess ? null : Accounts().ContainsKey("postgres") ? "postgres" : "nobody";

    public static string GroupOf(string user) => Accounts()[user];

    private static Dictionary<string, string> Accounts() =>
        File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(fields => fields.Length > 3)
            .GroupBy(fields => fields[0], StringComparer.Ordinal)
            .ToDictionary(user => user.Key, user => user.First()[3], StringComparer.Ordinal);
}
