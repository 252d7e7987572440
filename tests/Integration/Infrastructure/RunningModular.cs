using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Modular.IntegrationTests.Infrastructure;

/// <summary>A running service, in this process or in its own, and what tests do with it.</summary>
internal abstract class RunningModular(int port)
{
    public int Port { get; } = port;

    /// <summary>Its base address is the API's root: give it relative paths without a leading slash (<c>jobs/…</c>).</summary>
    public HttpClient Client { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/"),
        Timeout = TimeSpan.FromMinutes(2),
    };

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    /// <summary>Submits a job; <paramref name="with"/> sets further members of the request (<c>job =&gt; job["priority"] = 5</c>).</summary>
    public async Task<JobAnswer> SubmitAsync(string type, object? payload = null, Action<JsonObject>? with = null, string? idempotencyKey = null)
    {
        using var response = await PostJobAsync(type, payload, with, idempotencyKey);
        return await ReadAsync<JobAnswer>(response);
    }

    /// <summary>The bare answer to a submission, for tests of refusals.</summary>
    public async Task<HttpResponseMessage> PostJobAsync(string type, object? payload = null, Action<JsonObject>? with = null, string? idempotencyKey = null)
    {
        var job = new JsonObject { ["type"] = type, ["payload"] = JsonSerializer.SerializeToNode(payload ?? new { }, JsonSerializerOptions.Web) };
        with?.Invoke(job);
        using var request = new HttpRequestMessage(HttpMethod.Post, "jobs") { Content = JsonContent.Create(job) };
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        return await Client.SendAsync(request, CancellationToken);
    }

    public Task<JobAnswer> GetJobAsync(Guid id) => GetAsync<JobAnswer>($"jobs/{id}");

    /// <summary>Waits until the job is in one of the states (any final one when none is named); fails at once when it ended in another.</summary>
    public Task<JobAnswer> WaitForJobAsync(Guid id, params string[] states) => WaitForJobAsync(id, TimeSpan.FromSeconds(30), states);

    /// <inheritdoc cref="WaitForJobAsync(Guid, string[])"/>
    public Task<JobAnswer> WaitForJobAsync(Guid id, TimeSpan deadline, params string[] states) => Eventually.ReadAsync(
        async () =>
        {
            var job = await GetJobAsync(id);
            if (states.Length > 0 && job.IsFinished && !states.Contains(job.State))
                throw new StopWaitingException($"Job {id} ended as {job.State} ({job.Error?.Type}: {job.Error?.Message}), not as {string.Join(" or ", states)}.");
            return job;
        },
        job => states.Length == 0 ? job.IsFinished : states.Contains(job.State),
        $"job {id} is {(states.Length == 0 ? "finished" : string.Join(" or ", states))}",
        deadline);

    /// <summary>Stores an object; the key is escaped segment by segment.</summary>
    public async Task<JsonElement> PutObjectAsync(string key, byte[] bytes, string contentType = "application/octet-stream")
    {
        using var content = new ByteArrayContent(bytes) { Headers = { ContentType = MediaTypeHeaderValue.Parse(contentType) } };
        using var response = await Client.PutAsync(ObjectPath(key), content, CancellationToken);
        return await ReadAsync<JsonElement>(response);
    }

    public async Task<byte[]> GetObjectAsync(string key)
    {
        using var response = await Client.GetAsync(ObjectPath(key), CancellationToken);
        await EnsureSuccessAsync(response);
        return await response.Content.ReadAsByteArrayAsync(CancellationToken);
    }

    /// <summary>The events of a job from a resume point on (0: from the start; none: a snapshot first), until the service closes the stream.</summary>
    public async IAsyncEnumerable<JobEvent> ReadEventsAsync(
        Guid id, long? lastEventId = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"jobs/{id}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is { } last)
            request.Headers.Add("Last-Event-ID", last.ToString(CultureInfo.InvariantCulture));
        using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
        await EnsureSuccessAsync(response);
        if (response.StatusCode is HttpStatusCode.NoContent)
            yield break;
        await using var stream = await response.Content.ReadAsStreamAsync(linked.Token);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(linked.Token))
            yield return new JobEvent(long.Parse(item.EventId!, CultureInfo.InvariantCulture), item.EventType, JsonSerializer.Deserialize<JsonElement>(item.Data));
    }

    /// <summary>Reads JSON; any other answer than success fails with its body.</summary>
    public async Task<T> GetAsync<T>(string path)
    {
        using var response = await Client.GetAsync(path, CancellationToken);
        return await ReadAsync<T>(response);
    }

    public static string ObjectPath(string key) => $"objects/{string.Join('/', key.Split('/').Select(Uri.EscapeDataString))}";

    private static async Task<T> ReadAsync<T>(HttpResponseMessage response)
    {
        await EnsureSuccessAsync(response);
        return (await response.Content.ReadFromJsonAsync<T>(JsonSerializerOptions.Web, CancellationToken))!;
    }

    private static async Task EnsureSuccessAsync(HttpResponseMessage response)
    {
        if (response.IsSuccessStatusCode)
            return;
        var body = await response.Content.ReadAsStringAsync(CancellationToken);
        throw new HttpRequestException(
            $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri} answered {(int)response.StatusCode}: {body}", inner: null, response.StatusCode);
    }
}
