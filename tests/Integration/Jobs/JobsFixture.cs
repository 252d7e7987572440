using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Modular.Fixtures;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>One Host for the tests of a class, which keep to queues and tags of their own.</summary>
public abstract class JobsFixture : IAsyncLifetime
{
    private readonly Dictionary<string, string> _settings;

    private protected JobsFixture(Dictionary<string, string>? settings = null) =>
        // Many tests hold a slot each while they look at their job.
        _settings = new(settings ?? []) { ["WORKER_CONCURRENCY"] = "16" };

    internal ModularApp App { get; private set; } = null!;

    internal HttpClient Client => App.Client;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => App = await ModularApp.StartAsync(_settings, modules: [.. Modules.All, new FixturesModule()]);

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A name that no other test uses: for queues, gates, tags, keys.</summary>
    internal static string NewName() => $"t{Guid.NewGuid():N}"[..20];

    internal static Action<JsonObject> On(string queue) => job => job["queue"] = queue;

    /// <summary>A job that does the steps; see the fixture module's ActOut.</summary>
    internal Task<JobAnswer> ActAsync(Action<JsonObject>? with, params object[] steps) => App.SubmitAsync("fixtures.act", new { steps }, with);

    internal Task<JobAnswer> ActAsync(params object[] steps) => ActAsync(with: null, steps);

    internal async Task<HttpResponseMessage> PostAsync(string path, object? body = null) =>
        body is null ? await Client.PostAsync(path, content: null, CancellationToken) : await Client.PostAsJsonAsync(path, body, CancellationToken);

    internal async Task<HttpResponseMessage> PostTextAsync(string path, string body, string contentType = "application/json")
    {
        using var content = new StringContent(body, Encoding.UTF8, contentType);
        return await Client.PostAsync(path, content, CancellationToken);
    }

    /// <summary>The body of the answer, whose status must be the one expected.</summary>
    internal static async Task<JsonElement> JsonAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        using (response)
        {
            response.StatusCode.ShouldBe(expected, await response.Content.ReadAsStringAsync(CancellationToken));
            return await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
        }
    }

    internal static async Task ExpectAsync(Task<HttpResponseMessage> request, HttpStatusCode expected)
    {
        using var response = await request;
        response.StatusCode.ShouldBe(expected, await response.Content.ReadAsStringAsync(CancellationToken));
    }

    /// <summary>The fields of a refused request with what is said of them.</summary>
    internal static async Task<Dictionary<string, string>> InvalidAsync(HttpResponseMessage response)
    {
        var problem = await JsonAsync(response, HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        problem.GetProperty("traceId").GetString().ShouldNotBeNullOrEmpty();
        return problem.GetProperty("errors").EnumerateObject().ToDictionary(field => field.Name, field => field.Value[0].GetString()!, StringComparer.Ordinal);
    }

    internal Task PauseAsync(string queue) => ExpectAsync(PostAsync($"queues/{queue}/pause"), HttpStatusCode.NoContent);

    internal Task ResumeAsync(string queue) => ExpectAsync(PostAsync($"queues/{queue}/resume"), HttpStatusCode.NoContent);

    internal async Task LimitAsync(string queue, int? concurrency) =>
        await JsonAsync(await Client.PutAsJsonAsync($"queues/{queue}", new { concurrency }, CancellationToken), HttpStatusCode.OK);

    internal async Task<List<JobEvent>> EventsAsync(Guid id, long? lastEventId = 0) =>
        await App.ReadEventsAsync(id, lastEventId, CancellationToken).ToListAsync(CancellationToken);

    /// <summary>One number that the database knows.</summary>
    internal async Task<long> CountAsync(string sql)
    {
        await using var connection = await App.Deployment.ConnectAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(CancellationToken));
    }
}

public sealed class JobsHost() : JobsFixture();
