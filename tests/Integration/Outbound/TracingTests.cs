using System.Text;
using Modular.IntegrationTests.Edge;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Outbound;

/// <summary>What a collector is sent: one trace from the request over the job to the call that it makes.</summary>
public sealed class TracingTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_jobs_and_calls_are_exported_as_one_trace()
    {
        await using var collector = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 200));
        await using var called = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 200));
        // A process of its own: spans of all Hosts in one process reach each other's exporters.
        await using var host = await HostProcess.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["OUTBOUND_ALLOW"] = "127.0.0.1", ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url() });
        using var submitted = await host.SendAsync(
            HttpMethod.Post, "jobs", EdgeClient.Json(new { type = "http.call", payload = new { url = called.Url("/?token=S3CR3T") } }), ("traceparent", $"00-{TraceId}-b7ad6b7169203331-01"));
        await host.WaitForJobAsync((await submitted.ReadJsonAsync(System.Net.HttpStatusCode.Created)).GetProperty("id").GetGuid(), "succeeded");
        (await host.Client.GetAsync("health/ready", CancellationToken)).Dispose();

        // Stopping sends what is left.
        (await host.TerminateAsync()).ShouldBe(0);
        collector.Requests.ShouldAllBe(request => request.Method == "POST" && request.Path == "/v1/traces" && request.Headers["Content-Type"] == "application/x-protobuf");
        var sent = string.Concat(collector.Requests.Select(request => Encoding.Latin1.GetString(request.Bytes)));
        var names = new[] { "POST /api/v1/jobs", "job http.call", "GET" };
        names.ShouldAllBe(name => sent.Contains(name));
        Count(sent, Encoding.Latin1.GetString(Convert.FromHexString(TraceId))).ShouldBeGreaterThanOrEqualTo(3, "The request, the job and the call are spans of the trace that the client began.");
        sent.ShouldContain(Encoding.Latin1.GetString(Convert.FromHexString(called.Requests.Single().Headers["traceparent"].Split('-')[2])), customMessage: "Whom the job called has the id of a span that the collector knows.");
        sent.ShouldNotContain("health");
        sent.ShouldNotContain("S3CR3T");
    }

    [Fact]
    public async Task A_collector_that_is_not_there_holds_nothing_up()
    {
        await using var host = await HostProcess.StartAsync(settings: new Dictionary<string, string>(StringComparer.Ordinal) { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{Loopback.FreePort()}" });

        await host.WaitForJobAsync((await host.SubmitAsync("debug.noop")).Id, "succeeded");

        (await host.TerminateAsync()).ShouldBe(0);
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
