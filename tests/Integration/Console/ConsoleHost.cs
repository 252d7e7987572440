using System.Net.Http.Headers;
using Microsoft.Playwright;
using Modular.Fixtures;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;
using Modular.IntegrationTests.Ops;

namespace Modular.IntegrationTests.Console;

/// <summary>One Host that asks for keys, for the tests of a class, and ways to look at its console.</summary>
public sealed class ConsoleHost : IAsyncLifetime
{
    internal ModularApp App { get; private set; } = null!;

    internal string Address => $"http://127.0.0.1:{App.Port}";

    public async ValueTask InitializeAsync()
    {
        var settings = new Dictionary<string, string>(GuardedHost.Settings, StringComparer.Ordinal) { ["WORKER_CONCURRENCY"] = "8" };
        App = await ModularApp.StartAsync(settings, modules: [.. Modules.All, new FixturesModule()]);
        App.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", GuardedHost.AdminKey);
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();

    /// <summary>Opens a page as somebody who has signed in already.</summary>
    internal async Task<Visit> VisitAsync(string path, int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var visit = await Visit.StartAsync(Address, width, height, scheme);
        await visit.SignInAsync(GuardedHost.AdminKey);
        await visit.GoAsync(path);
        return visit;
    }

    /// <summary>A name that no other test uses.</summary>
    internal static string NewName() => $"c{Guid.NewGuid():N}"[..16];

    /// <summary>A job that does the steps; see the fixture module's ActOut.</summary>
    internal Task<JobAnswer> ActAsync(string tag, int maxAttempts, params object[] steps) => App.SubmitAsync("fixtures.act", new { steps }, job =>
    {
        job["tags"] = new System.Text.Json.Nodes.JsonArray(tag);
        job["maxAttempts"] = maxAttempts;
    });
}
