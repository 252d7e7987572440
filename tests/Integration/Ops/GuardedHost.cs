using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Ops;

/// <summary>One Host that asks for keys, for the tests of a class; its client keeps no cookies.</summary>
public sealed class GuardedHost : IAsyncLifetime
{
    public const string AdminKey = "an-admin-key-of-more-than-32-characters";

    internal static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>(StringComparer.Ordinal) { ["ADMIN_API_KEY"] = AdminKey };

    internal ModularApp App { get; private set; } = null!;

    internal HttpClient Client { get; private set; } = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        App = await ModularApp.StartAsync(Settings);
        Client = CreateClient(App);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
    }

    internal static HttpClient CreateClient(RunningModular host) =>
        new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = host.Client.BaseAddress };

    internal Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? key = AdminKey, object? body = null, params (string Name, string Value)[] headers) =>
        SendAsync(Client, method, path, key, body, headers);

    internal static async Task<HttpResponseMessage> SendAsync(
        HttpClient client, HttpMethod method, string path, string? key = AdminKey, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        return await client.SendAsync(request, CancellationToken);
    }

    internal async Task<JsonElement> GetAsync(string path, string? key = AdminKey)
    {
        using var response = await SendAsync(HttpMethod.Get, path, key);
        return await JsonAsync(response, HttpStatusCode.OK);
    }

    internal async Task<HttpStatusCode> StatusAsync(HttpMethod method, string path, string? key = AdminKey, object? body = null)
    {
        using var response = await SendAsync(method, path, key, body);
        return response.StatusCode;
    }

    /// <summary>Makes a key and gives back its id and its text.</summary>
    internal async Task<(Guid Id, string Text)> CreateKeyAsync(string[] scopes, DateTimeOffset? expiresAt = null, string name = "a test's key")
    {
        using var response = await SendAsync(HttpMethod.Post, "api-keys", AdminKey, new { name, scopes, expiresAt });
        var key = await JsonAsync(response, HttpStatusCode.Created);
        return (key.GetProperty("id").GetGuid(), key.GetProperty("key").GetString()!);
    }

    internal static async Task<JsonElement> JsonAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        response.StatusCode.ShouldBe(expected, await response.Content.ReadAsStringAsync(CancellationToken));
        return await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
    }

    internal static async Task<string> DetailAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        var problem = await JsonAsync(response, expected);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        return problem.GetProperty("detail").GetString()!;
    }
}
