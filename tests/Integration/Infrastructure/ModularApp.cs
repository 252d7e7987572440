using Microsoft.AspNetCore.Builder;
using Modular.BuildingBlocks.Modules;
using Modular.Host;

namespace Modular.IntegrationTests.Infrastructure;

/// <summary>The real Host in this process, on a real listener, with a database and an object store of its own.</summary>
internal sealed class ModularApp : RunningModular, IAsyncDisposable
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(30);

    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly IReadOnlyList<IModule>? _modules;
    private readonly bool _ownsDeployment;
    private WebApplication? _app;

    private ModularApp(Deployment deployment, bool ownsDeployment, IReadOnlyDictionary<string, string> settings, IReadOnlyList<IModule>? modules)
        : base(Loopback.FreePort())
    {
        Deployment = deployment;
        _ownsDeployment = ownsDeployment;
        _settings = settings;
        _modules = modules;
    }

    public Deployment Deployment { get; }

    /// <summary>The container of the running Host, to look at what no route shows.</summary>
    public IServiceProvider Services => Running.Services;

    /// <summary>Starts a Host with everything of its own.</summary>
    public static async Task<ModularApp> StartAsync(
        IReadOnlyDictionary<string, string>? settings = null, StoreKind store = StoreKind.FileSystem, IReadOnlyList<IModule>? modules = null)
    {
        var deployment = await Deployment.CreateAsync(store: store);
        try
        {
            return await StartAsync(deployment, ownsDeployment: true, settings, modules);
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts one more replica of a deployment, which the caller disposes after it.</summary>
    public static Task<ModularApp> StartAsync(
        Deployment deployment, IReadOnlyDictionary<string, string>? settings = null, IReadOnlyList<IModule>? modules = null) =>
        StartAsync(deployment, ownsDeployment: false, settings, modules);

    /// <summary>Stops the Host and starts it again at the same address, on the same database and files.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>An orderly stop; <see cref="StartAsync()"/> brings it back.</summary>
    public async Task StopAsync()
    {
        using var deadline = new CancellationTokenSource(StopDeadline);
        await Running.StopAsync(deadline.Token);
        await Running.DisposeAsync();
        _app = null;
    }

    public async Task StartAsync()
    {
        var settings = new Dictionary<string, string>(Deployment.Settings, StringComparer.Ordinal);
        foreach (var (name, value) in _settings)
            settings[name] = value;
        settings["PORT"] = Port.ToString();
        // The one setting that ASP.NET reads by another name when it comes as an argument.
        settings["environment"] = settings["ASPNETCORE_ENVIRONMENT"];
        var app = ModularHost.Build([.. settings.Select(setting => $"--{setting.Key}={setting.Value}")], _modules);
        try
        {
            await app.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        _app = app;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_app is not null)
            await StopAsync();
        if (_ownsDeployment)
            await Deployment.DisposeAsync();
    }

    private WebApplication Running => _app ?? throw new InvalidOperationException("This Host does not run.");

    private static async Task<ModularApp> StartAsync(
        Deployment deployment, bool ownsDeployment, IReadOnlyDictionary<string, string>? settings, IReadOnlyList<IModule>? modules)
    {
        for (var attempt = 1; ; attempt++)
        {
            var app = new ModularApp(deployment, ownsDeployment, settings ?? new Dictionary<string, string>(), modules);
            try
            {
                await app.StartAsync();
                return app;
            }
            catch (IOException) when (attempt < 3)
            {
                // Another process took the port between the choice and the start.
                app.Client.Dispose();
            }
        }
    }
}
