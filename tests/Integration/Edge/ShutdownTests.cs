using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Modular.BuildingBlocks.Modules;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Edge;

public sealed class ShutdownTests
{
    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal)
    {
        ["SHUTDOWN_DELAY_SECONDS"] = "10", ["SHUTDOWN_TIMEOUT_SECONDS"] = "25", ["WORKER_CONCURRENCY"] = "2", ["LOG_LEVEL"] = "info", ["LOG_FORMAT"] = "json",
    };

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Signal.Terminate)]
    [InlineData(Signal.Interrupt)]
    internal async Task Under_load_nobody_is_cut_off_and_no_job_is_lost(Signal signal)
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var host = await HostProcess.StartAsync(deployment, Settings);
        var longJob = await host.SubmitAsync("debug.sleep", new { milliseconds = 3_600_000 });
        var shortJob = await host.SubmitAsync("debug.sleep", new { milliseconds = 8_000 });
        await host.WaitForJobAsync(longJob.Id, "running");
        await host.WaitForJobAsync(shortJob.Id, "running");
        var waiting = await host.SubmitAsync("debug.noop");

        // In flight when the signal comes: a long poll, a stream, an upload in the middle of its body.
        var poll = host.GetAsync<JobAnswer>($"jobs/{longJob.Id}?wait=60");
        using var stream = await host.SendAsync(HttpMethod.Get, $"jobs/{longJob.Id}/events");
        using var events = new StreamReader(await stream.Content.ReadAsStreamAsync(CancellationToken));
        while (await events.ReadLineAsync(CancellationToken) is var line && line != "event: snapshot")
            line.ShouldNotBeNull("The stream begins with a snapshot.");
        // Enough bytes that Kestrel's least rate (240 a second on average) does not end it during the delay.
        var body = new GatedContent(first: 10_000, rest: 1_000);
        var upload = host.Client.PutAsync("objects/in-flight", body, CancellationToken);
        await body.FirstPartSent;

        host.Send(signal);
        var clock = Stopwatch.StartNew();

        // New connections all the while: a Host without the delay would refuse them.
        using var fresh = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero }) { BaseAddress = host.Client.BaseAddress };
        await Eventually.IsTrueAsync(async () => (await StatusAsync(fresh, "health/ready")) == HttpStatusCode.ServiceUnavailable, "a client sees that it is not ready", TimeSpan.FromSeconds(8));
        using (var refused = await fresh.PostAsync("jobs", EdgeClient.Json("""{"type":"debug.noop","payload":{}}"""), CancellationToken))
        {
            await refused.ProblemAsync(HttpStatusCode.ServiceUnavailable);
            int.Parse(refused.Header("Retry-After")!).ShouldBeInRange(1, 10);
            refused.Headers.ConnectionClose.ShouldBe(true, "so that the next request goes to another replica");
        }

        (await StatusAsync(fresh, "health/live")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(fresh, "jobs")).ShouldBe(HttpStatusCode.OK, "Readers are served as long as the listener is open.");
        (await poll).State.ShouldBe("running", "A long poll answers with what is, and in time.");
        (await events.ReadToEndAsync(CancellationToken)).ShouldStartWith("data: ", customMessage: "The stream ended as a stream ends: a connection that breaks would throw.");
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10), "All of that happened while the listener was open.");
        await Eventually.IsTrueAsync(async () => await IsRefusedAsync(fresh), "the listener is closed", TimeSpan.FromSeconds(20));
        clock.Elapsed.ShouldBeGreaterThan(TimeSpan.FromSeconds(9.5), "The listener stayed open for the delay.");
        body.Release();
        (await upload).StatusCode.ShouldBe(HttpStatusCode.Created, "What was in flight when the listener closed completes.");

        (await host.WaitForExitAsync()).ShouldBe(0);
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(25));
        LogLines.Parse(host).ShouldContain(line => line.GetProperty("@m").GetString()!.StartsWith("Stopped after"));
        LogLines.Parse(host).ShouldNotContain(line => line.Text("@l") == "Error" || line.Text("@l") == "Fatal");

        await using var next = await HostProcess.StartAsync(deployment, new Dictionary<string, string> { ["WORKER_CONCURRENCY"] = "0" });
        (await next.GetJobAsync(shortJob.Id)).State.ShouldBe("succeeded", "It ended within the time.");
        var given = await next.GetJobAsync(longJob.Id);
        (given.State, given.Attempts.Count).ShouldBe(("queued", 0), "Given back, and the attempt does not count.");
        var never = await next.GetJobAsync(waiting.Id);
        (never.State, never.StartedAt).ShouldBe(("queued", null), "A slot became free after the signal, and was not filled.");
        (await next.GetObjectAsync("in-flight")).Length.ShouldBe(11_000);
    }

    [Fact]
    public async Task A_request_without_end_does_not_keep_the_process()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var host = await HostProcess.StartAsync(deployment, new Dictionary<string, string>(Settings) { ["SHUTDOWN_DELAY_SECONDS"] = "0", ["SHUTDOWN_TIMEOUT_SECONDS"] = "4" });
        var body = new GatedContent(first: 1_000, rest: 1_000);
        var upload = host.Client.PutAsync("objects/never", body, CancellationToken);
        await body.FirstPartSent;
        // Sent is not yet read: a connection that looks idle would be closed at once.
        await Eventually.IsTrueAsync(
            () => Directory.EnumerateFiles(Path.Combine(deployment.Folder, "objects", "unfinished")).Any(file => !Path.GetFileName(file).StartsWith("check.", StringComparison.Ordinal)),
            "the write has begun");
        var clock = Stopwatch.StartNew();
        (await host.TerminateAsync()).ShouldBe(0);
        clock.Elapsed.ShouldBeInRange(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(12));
        body.Release();
        await Should.ThrowAsync<HttpRequestException>(upload);
    }

    [Fact]
    public async Task A_second_signal_ends_the_process_at_once()
    {
        await using var host = await HostProcess.StartAsync(settings: new Dictionary<string, string>(Settings) { ["SHUTDOWN_DELAY_SECONDS"] = "20", ["SHUTDOWN_TIMEOUT_SECONDS"] = "60" });
        host.Send(Signal.Terminate);
        await Eventually.IsTrueAsync(() => host.Output.Any(line => line.Contains("Stopping:")), "it is stopping");
        var clock = Stopwatch.StartNew();
        (await host.TerminateAsync()).ShouldBe(128 + 15);
        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_signal_during_the_start_ends_it_in_order()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var host = await HostProcess.LaunchAsync(
            deployment, new Dictionary<string, string>(Settings) { ["DATABASE_URL"] = $"Host=127.0.0.1;Port={Loopback.FreePort()};Username=u;Database=d", ["SHUTDOWN_DELAY_SECONDS"] = "0" });
        await Eventually.IsTrueAsync(() => host.Output.Any(line => line.Contains("does not answer yet")), "it waits for its database", TimeSpan.FromSeconds(30));
        (await host.TerminateAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_job_that_ignores_the_stop_is_given_back_in_time()
    {
        IReadOnlyList<IModule> modules = [.. Modules.All, new HangingModule()];
        await using var deployment = await Deployment.CreateAsync();
        Guid id;
        var app = await ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["SHUTDOWN_TIMEOUT_SECONDS"] = "6" }, modules);
        await using (app)
        {
            id = (await app.SubmitAsync("edge.hang")).Id;
            await app.WaitForJobAsync(id, "running");
            var clock = Stopwatch.StartNew();
            await app.StopAsync();
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(6));
        }

        await using var next = await ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["WORKER_CONCURRENCY"] = "0" });
        (await next.GetAsync<JsonElement>($"jobs/{id}")).GetProperty("state").GetString().ShouldBe("queued");
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, CancellationToken);
        return answer.StatusCode;
    }

    private static async Task<bool> IsRefusedAsync(HttpClient client)
    {
        try
        {
            await StatusAsync(client, "health/live");
            return false;
        }
        catch (HttpRequestException)
        {
            return true;
        }
    }
}
