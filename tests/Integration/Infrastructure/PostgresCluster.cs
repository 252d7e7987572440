namespace Modular.IntegrationTests.Infrastructure;

/// <summary>A private cluster in a temporary folder, which a test may stop, crash and freeze when it is its own.</summary>
internal sealed class PostgresCluster : PostgresServer
{
    private readonly string _binaries;
    private readonly string _folder;
    private readonly int _port;
    private readonly bool _durable;
    private Leash? _postmaster;

    private PostgresCluster(string connectionString, string binaries, string folder, int port, bool durable)
        : base(connectionString)
    {
        _binaries = binaries;
        _folder = folder;
        _port = port;
        _durable = durable;
    }

    /// <summary>Starts a server of the caller's own; <paramref name="durable"/> keeps fsync on, as crash tests need it.</summary>
    public static async Task<PostgresCluster> CreateAsync(bool durable = false)
    {
        var binaries = await PostgresBinaries.FindOrInstallAsync();
        var folder = await Scratch.CreateFolderAsync("postgres", Command.ServerUser);
        var password = Guid.NewGuid().ToString("N");
        var passwordFile = Path.Combine(await Scratch.CreateFolderAsync("password"), "password");
        await File.WriteAllTextAsync(passwordFile, password);
        await InitializeAsync(binaries, folder, passwordFile);

        for (var attempt = 1; ; attempt++)
        {
            var port = Loopback.FreePort();
            var cluster = new PostgresCluster(Loopback.PostgresConnectionString(port, "modular", password), binaries, folder, port, durable);
            try
            {
                await cluster.StartAsync();
                return cluster;
            }
            catch (InvalidOperationException) when (attempt < 3)
            {
                // Another process may have taken the port between the choice and the start.
                await cluster.DisposeAsync();
            }
        }
    }

    public async Task StartAsync()
    {
        if (_postmaster is { HasExited: false })
            throw new InvalidOperationException("This PostgreSQL already runs.");
        string[] settings =
        [
            $"port={_port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300", "jit=off",
            .. _durable ? Array.Empty<string>() : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"],
        ];
        _postmaster = await Leash.StartAsync(
            Path.Combine(_binaries, "postgres"), ["-D", _folder, .. settings.SelectMany(setting => new[] { "-c", setting })], Command.ServerUser);
        var postmaster = _postmaster;
        await WaitUntilItAnswersAsync(
            () => postmaster.HasExited ? string.Join('\n', postmaster.Output) : null, $"PostgreSQL in {_folder} does not answer");
    }

    /// <summary>Ends every session and writes a checkpoint.</summary>
    public Task StopAsync() => StopAsync(Signal.Interrupt);

    /// <summary>Stops as a crash does, without a checkpoint, and starts again with recovery.</summary>
    public async Task RestartImmediateAsync()
    {
        await StopAsync(Signal.Quit);
        await StartAsync();
    }

    /// <summary>Connections stay open, but nothing answers until <see cref="Thaw"/>.</summary>
    public void Freeze() => ProcessTree.StopAll(Running.Pid);

    public void Thaw() => ProcessTree.ContinueAll(Running.Pid);

    public override async ValueTask DisposeAsync()
    {
        if (_postmaster is not null)
            await _postmaster.DisposeAsync();
        await base.DisposeAsync();
    }

    private Leash Running => _postmaster is { HasExited: false } running ? running : throw new InvalidOperationException("This PostgreSQL does not run.");

    private static async Task InitializeAsync(string binaries, string folder, string passwordFile)
    {
        var initdb = Path.Combine(binaries, "initdb");
        // A dictionary's order, as most servers have it: what needs byte order must ask for it, and shows here when it did not.
        var (_, help) = await Command.TryRunAsync(initdb, ["--help"]);
        string[] order = help.Contains("--icu-locale", StringComparison.Ordinal) ? ["--locale-provider=icu", "--icu-locale=en-US"] : [];
        await using var run = await Leash.StartAsync(
            initdb,
            ["--pgdata", folder, "--username", "modular", "--pwfile", passwordFile, "--auth", "scram-sha-256",
                "--encoding", "UTF8", "--locale", "C", .. order, "--no-sync"],
            Command.ServerUser);
        await run.WaitForExitAsync();
        File.Delete(passwordFile);
        if (run.ExitCode != 0)
            throw new InvalidOperationException($"initdb made no cluster in {folder}: {string.Join('\n', run.Output)}");
    }

    private async Task StopAsync(Signal signal)
    {
        var postmaster = Running;
        postmaster.Signal(signal);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await postmaster.WaitForExitAsync(deadline.Token);
    }
}
