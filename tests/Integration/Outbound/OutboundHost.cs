using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Http.Outbound;
using Modular.BuildingBlocks.Modules;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Outbound;

/// <summary>A Host whose calls may reach 127.0.0.1 and whatever allowed.test means, but nothing else inside; it is impatient and asks the test what names mean.</summary>
public sealed class OutboundHost : IAsyncLifetime
{
    internal const int MaxImportBytes = 1024 * 1024;

    internal ModularApp App { get; private set; } = null!;

    internal NamesModule Names { get; } = new();

    public async ValueTask InitializeAsync() => App = await ModularApp.StartAsync(
        new Dictionary<string, string>(StringComparer.Ordinal) { ["OUTBOUND_ALLOW"] = "127.0.0.1/32, Allowed.test", ["MAX_UPLOAD_SIZE_MB"] = "1", ["WORKER_CONCURRENCY"] = "16" },
        modules: [.. Modules.All, Names]);

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    internal async Task<JobAnswer> CallAsync(object payload, int maxAttempts = 1)
    {
        var job = await App.SubmitAsync("http.call", payload, with: job => (job["maxAttempts"], job["backoff"]) = (maxAttempts, new System.Text.Json.Nodes.JsonObject { ["kind"] = "fixed", ["baseSeconds"] = 1 }));
        return await App.WaitForJobAsync(job.Id);
    }

    internal async Task<JobAnswer> ImportAsync(string url, string key, int maxAttempts = 1)
    {
        var job = await App.SubmitAsync("object.import", new { url, key }, with: job => job["maxAttempts"] = maxAttempts);
        return await App.WaitForJobAsync(job.Id);
    }
}

/// <summary>The names of these tests, each with the answers of a resolver in turn (the last one stays), and short limits.</summary>
internal sealed class NamesModule : IModule
{
    private readonly ConcurrentDictionary<string, Queue<IPAddress[]>> _names = new(StringComparer.OrdinalIgnoreCase);

    public string Name => "Names";

    public int Asked { get; private set; }

    public void Add(string name, params string[] answers) =>
        _names[name] = new Queue<IPAddress[]>(answers.Select(answer => answer.Split(' ').Select(IPAddress.Parse).ToArray()));

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
        builder.Services.AddSingleton(OutboundLimits.Default with { Answer = TimeSpan.FromSeconds(5), Window = TimeSpan.FromSeconds(5), WindowBytes = 1024 });
        builder.Services.AddSingleton<HostResolver>(_ => ResolveAsync);
    }

    private Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        if (!_names.TryGetValue(host, out var answers))
            return Dns.GetHostAddressesAsync(host, cancellationToken);
        lock (answers)
        {
            Asked++;
            return Task.FromResult(answers.Count > 1 ? answers.Dequeue() : answers.Peek());
        }
    }
}
