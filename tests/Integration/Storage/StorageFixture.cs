using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Storage;

/// <summary>One Host for the tests of a class, which keep to key prefixes of their own.</summary>
public abstract class StorageFixture : IAsyncLifetime
{
    private readonly StoreKind _store;
    private Deployment _deployment = null!;

    private protected StorageFixture(StoreKind store) => _store = store;

    internal ModularApp App { get; private set; } = null!;

    internal HttpClient Client => App.Client;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _deployment = await Deployment.CreateAsync(store: _store);
        App = await ModularApp.StartAsync(_deployment, SettingsOf(_deployment));
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await _deployment.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    internal virtual Dictionary<string, string> SettingsOf(Deployment deployment) => [];

    /// <summary>A prefix that no other test uses.</summary>
    internal static string NewPrefix() => $"t{Guid.NewGuid():N}/";

    internal static ByteArrayContent Body(byte[] bytes, string contentType = "application/octet-stream") =>
        new(bytes) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };

    internal static ByteArrayContent Body(string text) => Body(Encoding.UTF8.GetBytes(text), "text/plain");

    internal async Task<HttpResponseMessage> PutAsync(string key, string text, params (string Name, string Value)[] headers) =>
        await SendAsync(HttpMethod.Put, RunningModular.ObjectPath(key), Body(text), headers);

    internal async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        return await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken);
    }

    internal static async Task<JsonElement> JsonAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        response.StatusCode.ShouldBe(expected, await response.Content.ReadAsStringAsync(CancellationToken));
        return await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
    }

    /// <summary>The problem of a refused request, whose one invalid field is <paramref name="field"/>.</summary>
    internal static async Task<string> InvalidAsync(HttpResponseMessage response, string field)
    {
        var problem = await JsonAsync(response, HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        return problem.GetProperty("errors").GetProperty(field)[0].GetString()!;
    }

    /// <summary>Sends a request line as it is, which no HTTP client would, and reads the whole answer.</summary>
    internal async Task<(int Status, string Body)> SendRawAsync(string method, string target, string headers = "", string body = "")
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, App.Port, CancellationToken);
        await using var stream = socket.GetStream();
        var request = $"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{App.Port}\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{body}";
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request), CancellationToken);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var answer = await reader.ReadToEndAsync(CancellationToken);
        return (int.Parse(answer.Split(' ')[1], CultureInfo.InvariantCulture), answer);
    }

    /// <summary>How many blobs the filesystem store holds, unfinished ones included.</summary>
    internal int CountFiles() => Directory.GetFiles(Path.Combine(App.Deployment.Folder, "objects"), "*", SearchOption.AllDirectories)
        // The store's own mark, and what its health probe writes and deletes.
        .Select(Path.GetFileName).Count(name => name != "store-id" && !name!.StartsWith("check.", StringComparison.Ordinal));
}

public sealed class FileSystemStorage() : StorageFixture(StoreKind.FileSystem);

public sealed class S3Storage() : StorageFixture(StoreKind.S3);

/// <summary>S3 that clients reach too: bytes go straight to it.</summary>
public sealed class DirectStorage() : StorageFixture(StoreKind.S3)
{
    internal override Dictionary<string, string> SettingsOf(Deployment deployment) =>
        new(StringComparer.Ordinal) { ["S3_PUBLIC_ENDPOINT"] = deployment.Settings["S3_ENDPOINT"].Replace("127.0.0.1", "localhost", StringComparison.Ordinal) };
}

/// <summary>A Host that asks for keys.</summary>
public sealed class LockedStorage() : StorageFixture(StoreKind.FileSystem)
{
    private const string AdminKey = "a-key-for-tests-that-is-long-enough-0123456789";

    internal static readonly (string Name, string Value) Key = ("Authorization", $"Bearer {AdminKey}");

    internal override Dictionary<string, string> SettingsOf(Deployment deployment) => new(StringComparer.Ordinal) { ["ADMIN_API_KEY"] = AdminKey };
}
