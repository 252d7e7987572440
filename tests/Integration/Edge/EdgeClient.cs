using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Edge;

/// <summary>Requests as a client behind a proxy, or a browser, or a script sends them.</summary>
internal static class EdgeClient
{
    public const string AdminKey = "an-admin-key-of-more-than-32-characters";

    private static int _lastClient;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>An address that no other test uses (TEST-NET-2, RFC 5737, and the benchmarking net beside it).</summary>
    public static string NewAddress()
    {
        var number = Interlocked.Increment(ref _lastClient);
        return $"198.18.{number / 250}.{(number % 250) + 1}";
    }

    /// <summary>Sends and returns when the headers are there.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        this RunningModular host, HttpMethod method, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        return await host.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, CancellationToken);
    }

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    public static StringContent Json(object body) => Json(JsonSerializer.Serialize(body, JsonSerializerOptions.Web));

    /// <summary>The problem that the answer must be.</summary>
    public static async Task<JsonElement> ProblemAsync(this HttpResponseMessage response, HttpStatusCode expected)
    {
        var body = await response.Content.ReadAsStringAsync(CancellationToken);
        response.StatusCode.ShouldBe(expected, body);
        response.Content.Headers.ContentType.ShouldBe(new MediaTypeHeaderValue("application/problem+json"), body);
        var problem = JsonSerializer.Deserialize<JsonElement>(body);
        problem.GetProperty("status").GetInt32().ShouldBe((int)expected);
        foreach (var member in new[] { "type", "title", "detail", "instance", "traceId" })
            problem.GetProperty(member).GetString().ShouldNotBeNullOrEmpty();
        return problem;
    }

    public static async Task<JsonElement> ReadJsonAsync(this HttpResponseMessage response, HttpStatusCode expected = HttpStatusCode.OK)
    {
        response.StatusCode.ShouldBe(expected, await response.Content.ReadAsStringAsync(CancellationToken));
        return await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
    }

    /// <summary>A header of the answer or of its content, its values joined; null when it is not there.</summary>
    public static string? Header(this HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) || response.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values) : null;
}
