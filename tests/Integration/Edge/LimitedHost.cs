using Microsoft.Extensions.Time.Testing;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Edge;

/// <summary>A Host with small limits behind a trusted proxy (the tests), on a clock of its own: each test comes from addresses of its own.</summary>
public sealed class LimitedHost : IAsyncLifetime
{
    internal const int PerMinute = 5;
    internal const int ExpensivePerMinute = 2;

    internal static Dictionary<string, string> Settings { get; } = new(StringComparer.Ordinal)
    {
        ["ADMIN_API_KEY"] = EdgeClient.AdminKey,
        ["RATE_LIMIT_PER_MINUTE"] = $"{PerMinute}",
        ["RATE_LIMIT_EXPENSIVE_PER_MINUTE"] = $"{ExpensivePerMinute}",
        ["TRUSTED_PROXIES"] = "127.0.0.1, 10.0.0.0/8, fd00::/8",
        ["ALLOWED_ORIGINS"] = "https://app.example.com",
        ["WORKER_CONCURRENCY"] = "0",
    };

    internal FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    internal ModularApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync() => App = await ModularApp.StartAsync(Settings, modules: [.. Modules.All, new ClockModule(Time)]);

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    internal Task<HttpResponseMessage> FromAsync(string forwardedFor, string path = "job-types", HttpMethod? method = null, HttpContent? content = null, string? key = EdgeClient.AdminKey) =>
        App.SendAsync(method ?? HttpMethod.Get, path, content, [("X-Forwarded-For", forwardedFor), .. key is null ? [] : new[] { ("Authorization", $"Bearer {key}") }]);
}
