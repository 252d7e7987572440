using System.Net;

namespace Modular.IntegrationTests.Infrastructure;

/// <summary>The built Host as a process of its own, which a test may stop, kill and freeze.</summary>
internal sealed class HostProcess : RunningModular, IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    private readonly Leash _process;
    private readonly Deployment? _own;

    private HostProcess(Leash process, int port, Deployment? own)
        : base(port)
    {
        _process = process;
        _own = own;
    }

    public int Pid => _process.Pid;

    public bool HasExited => _process.HasExited;

    /// <summary>0 after an orderly stop; known once it has exited.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The latest lines of standard output and error, oldest first.</summary>
    public IReadOnlyCollection<string> Output => _process.Output;

    public long ResidentBytes => ProcessTree.ResidentBytes(Pid);

    /// <summary>Starts a replica and waits until it is ready; without a deployment it gets one of its own.</summary>
    /// <param name="deployment">What it shares with others.</param>
    /// <param name="settings">Its own settings.</param>
    /// <param name="within">A command that the Host's command line is handed to.</param>
    public static async Task<HostProcess> StartAsync(Deployment? deployment = null, IReadOnlyDictionary<string, string>? settings = null, params string[] within)
    {
        var own = deployment is null ? await Deployment.CreateAsync() : null;
        var host = await LaunchAsync(deployment ?? own!, settings, own, within);
        try
        {
            await host.WaitUntilReadyAsync();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a replica and waits for nothing: for starts that must fail.</summary>
    public static Task<HostProcess> LaunchAsync(Deployment deployment, IReadOnlyDictionary<string, string>? settings = null, params string[] arguments) =>
        LaunchAsync(deployment, settings, own: null, within: [], arguments);

    public async Task WaitUntilReadyAsync()
    {
        try
        {
            await Eventually.IsTrueAsync(
                async () =>
                {
                    if (HasExited)
                        throw new StopWaitingException($"It ended with {ExitCode}.");
                    using var response = await Client.GetAsync("health/ready", TestContext.Current.CancellationToken);
                    return response.StatusCode is HttpStatusCode.OK;
                },
                "it is ready",
                StartDeadline);
        }
        catch (Exception exception) when (exception is TimeoutException or StopWaitingException)
        {
            throw new InvalidOperationException($"The Host on port {Port} did not start. {exception.Message}\n{string.Join('\n', Output)}", exception);
        }
    }

    public void Send(Signal signal) => _process.Signal(signal);

    /// <summary>Asks it to stop and gives back its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        _process.Signal(Signal.Terminate);
        return await WaitForExitAsync();
    }

    /// <summary>The power cut.</summary>
    public async Task KillAsync()
    {
        _process.Signal(Signal.Kill);
        await WaitForExitAsync();
    }

    public void Freeze() => _process.Signal(Signal.Stop);

    public void Thaw() => _process.Signal(Signal.Continue);

    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60));
        return ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _process.DisposeAsync();
        if (_own is not null)
            await _own.DisposeAsync();
    }

    private static async Task<HostProcess> LaunchAsync(
        Deployment deployment, IReadOnlyDictionary<string, string>? settings, Deployment? own, string[] within, params string[] arguments)
    {
        var port = settings?.GetValueOrDefault("PORT") is { } given ? int.Parse(given) : Loopback.FreePort();
        var environment = deployment.Settings.Concat(settings ?? new Dictionary<string, string>())
            .Append(KeyValuePair.Create("PORT", port.ToString()))
            .GroupBy(pair => pair.Key, StringComparer.Ordinal)
            .ToDictionary(setting => setting.Key, string? (setting) => setting.Last().Value, StringComparer.Ordinal);
        string[] command = [.. within, "dotnet", Program(), .. arguments];
        return new HostProcess(await Leash.StartAsync(command[0], command[1..], environment: environment), port, own);
    }

    // The Host's own output, not the copy beside the tests: what is started is what is shipped.
    private static string Program()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(own.Parent!.Parent!.FullName, "Modular.Host", own.Name, "Modular.Host.dll");
        return File.Exists(program) ? program : throw new FileNotFoundException("Build src/Host first, in the tests' configuration.", program);
    }
}
