using System.Collections.Concurrent;
using System.Diagnostics;

namespace Modular.IntegrationTests.Infrastructure;

/// <summary>
/// A process that cannot outlive the tests. A small shell stands between: it holds one end of a pipe whose other end is ours, and
/// the kernel closes ours however we die, SIGKILL included. Then the shell kills the process with all its descendants and runs a last command.
/// </summary>
internal sealed class Leash : IAsyncDisposable
{
    private const int KeptLines = 2_000;

    // Stopping a process before its children are listed keeps it from forking another one meanwhile.
    private const string Script = """
        cleanup=$1; shift
        kill_tree() {
          kill -STOP "$1" 2>/dev/null
          for descendant in $(pgrep -P "$1" 2>/dev/null || cat /proc/"$1"/task/*/children 2>/dev/null); do kill_tree "$descendant"; done
          kill -KILL "$1" 2>/dev/null
        }
        code=0
        if [ $# -gt 0 ]; then
          exec 3<&0
          "$@" </dev/null 3<&- &
          child=$!
          echo "$child"
          ( while read -r _; do :; done <&3; kill_tree "$child" ) >/dev/null 2>&1 &
          watcher=$!
          wait "$child"; code=$?
          kill -KILL "$watcher" 2>/dev/null
        else
          echo 0
          while read -r _; do :; done
        fi
        eval "$cleanup"
        exit $code
        """;

    /// <summary>
    /// A shell without job control starts what it puts into the background with SIGINT ignored, and a program keeps it so. GNU's env undoes that; elsewhere it stays.
    /// </summary>
    private static readonly Lazy<string[]> TakesInterrupts = new(() =>
    {
        if (Command.Find("env") is not { } env)
            return [];
        string[] reset = [env, "--default-signal=INT"];
        using var attempt = Process.Start(new ProcessStartInfo(env, [.. reset[1..], "true"]) { RedirectStandardError = true, UseShellExecute = false })!;
        attempt.WaitForExit();
        return attempt.ExitCode == 0 ? reset : [];
    });

    private readonly Process _shell;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource<int> _pid = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int? _exitCode;

    private Leash(Process shell)
    {
        _shell = shell;
        shell.OutputDataReceived += (_, line) => Keep(line.Data);
        shell.ErrorDataReceived += (_, line) =>
        {
            // The pid comes on standard output: of a short command, the end of standard error may be read before it.
            if (line.Data is not null)
                Keep(line.Data);
        };
    }

    /// <summary>The process itself, not the shell that holds it.</summary>
    public int Pid { get; private set; }

    public bool HasExited => _exitCode is not null || _shell.HasExited;

    /// <summary>Known once it has exited; 128 and more for a signal.</summary>
    public int ExitCode => _exitCode ?? _shell.ExitCode;

    /// <summary>The latest lines of standard output and error, oldest first.</summary>
    public IReadOnlyCollection<string> Output => _lines.ToArray();

    /// <summary>Starts a program; <paramref name="user"/> needs root.</summary>
    public static async Task<Leash> StartAsync(
        string program,
        IEnumerable<string> arguments,
        string? user = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? cleanup = null)
    {
        var command = new List<string>();
        if (TakesInterrupts.Value is { Length: > 0 } env)
            command.AddRange(env);
        if (Command.Find("setpriv") is { } setpriv)
        {
            // The second rope: the kernel kills the process when the shell itself is killed.
            command.AddRange([setpriv, "--pdeathsig", "KILL"]);
            if (user is not null)
                command.AddRange([$"--reuid={user}", $"--regid={Command.GroupOf(user)}", "--init-groups"]);
            command.Add("--");
        }
        else if (user is not null)
        {
            throw new InvalidOperationException($"Running {program} as user {user} needs setpriv (Debian package util-linux).");
        }

        return await StartShellAsync([cleanup ?? ":", .. command, program, .. arguments], environment);
    }

    /// <summary>Runs a shell command when the tests end, however they end.</summary>
    public static Task<Leash> AtTheEndAsync(string cleanup) => StartShellAsync([cleanup], environment: null);

    public void Signal(Signal signal) => ProcessTree.Send(Pid, signal);

    public Task WaitForExitAsync(CancellationToken cancellationToken = default) =>
        _exitCode is null ? _shell.WaitForExitAsync(cancellationToken) : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_exitCode is not null)
            return;
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync();
        _exitCode = _shell.ExitCode;
        _shell.Dispose();
    }

    private static async Task<Leash> StartShellAsync(IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment)
    {
        string[] shell = ["sh", "-c", Script, "leash", .. arguments];
        // Its own session: Ctrl-C and a kill of our process group leave the shell alive to clean up.
        string[] command = Command.Find("setsid") is { } setsid ? [setsid, .. shell] : shell;
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;

        var leash = new Leash(Process.Start(start)!);
        leash._shell.BeginOutputReadLine();
        leash._shell.BeginErrorReadLine();
        leash.Pid = await leash._pid.Task.WaitAsync(TimeSpan.FromSeconds(20));
        return leash;
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            _pid.TrySetException(new InvalidOperationException($"The process did not start: {string.Join('\n', _lines)}"));
            return;
        }

        if (!_pid.Task.IsCompleted && int.TryParse(line, out var pid))
        {
            _pid.TrySetResult(pid);
            return;
        }

        _lines.Enqueue(line);
        if (_lines.Count > KeptLines)
            _lines.TryDequeue(out _);
    }
}
