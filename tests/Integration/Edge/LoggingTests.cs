using System.Globalization;
using System.Net;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.IntegrationTests.Edge;

public sealed class LoggingTests
{
    private static readonly Dictionary<string, string> Json = new(StringComparer.Ordinal) { ["LOG_FORMAT"] = "json", ["LOG_LEVEL"] = "info" };

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_is_one_line_of_JSON_with_all_that_an_operator_asks_for()
    {
        await using var host = await HostProcess.StartAsync(settings: Json);
        const string Trace = "0af7651916cd43dd8448eb211c80319c";

        using var found = await host.SendAsync(
            HttpMethod.Get, "jobs?tag=not-in-the-log", null, ("X-Request-Id", "found-1"), ("User-Agent", "edge-test/1.0"), ("traceparent", $"00-{Trace}-b7ad6b7169203331-01"));
        found.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var missing = await host.SendAsync(HttpMethod.Get, $"jobs/{Guid.NewGuid()}", null, ("X-Request-Id", "missing-1"));
        (await missing.ProblemAsync(HttpStatusCode.NotFound)).GetProperty("instance").GetString().ShouldStartWith("/api/v1/jobs/");
        using var nowhere = await host.SendAsync(HttpMethod.Delete, "no/such/route", null, ("X-Request-Id", "nowhere-1"));

        var line = await LogLines.OfRequestAsync(host, "found-1");
        line.Text("Method").ShouldBe("GET");
        line.Text("Path").ShouldBe("/api/v1/jobs");
        line.Text("Route").ShouldBe("/api/v1/jobs");
        line.Text("Status").ShouldBe("200");
        line.GetProperty("ElapsedMs").GetDouble().ShouldBeInRange(0, 60_000);
        line.Text("UserAgent").ShouldBe("edge-test/1.0");
        line.Text("ClientIp").ShouldBe("127.0.0.1");
        line.Text("TraceId").ShouldBe(Trace, "The caller's trace goes on here.");
        DateTimeOffset.Parse(line.Text("@t")!, CultureInfo.InvariantCulture).ShouldBe(TimeProvider.System.GetUtcNow(), TimeSpan.FromMinutes(1));

        line = await LogLines.OfRequestAsync(host, "missing-1");
        (line.Text("Status"), line.Text("Route")).ShouldBe(("404", "/api/v1/jobs/{id:guid}"), "A refusal keeps its route.");
        line.Text("@x").ShouldBeNull("A refusal is no fault.");
        line = await LogLines.OfRequestAsync(host, "nowhere-1");
        (line.Text("Status"), line.Text("Route")).ShouldBe(("404", null));
        LogLines.Parse(host).ShouldAllBe(one => !one.GetRawText().Contains("not-in-the-log"));
    }

    [Fact]
    public async Task Supervisors_and_scrapers_leave_no_lines()
    {
        await using var host = await HostProcess.StartAsync(settings: Json);
        foreach (var path in new[] { "health", "health/live", "health/ready", "metrics" })
        {
            await Eventually.IsTrueAsync(
                async () =>
                {
                    using var answer = await host.SendAsync(HttpMethod.Get, path, null, ("X-Request-Id", "probe"));
                    return answer.StatusCode is HttpStatusCode.OK;
                },
                $"{path} answers 200");
        }

        using var last = await host.SendAsync(HttpMethod.Get, "health/history", null, ("X-Request-Id", "last"));
        await LogLines.OfRequestAsync(host, "last");
        LogLines.Parse(host).ShouldNotContain(line => line.Text("RequestId") == "probe");
    }

    [Fact]
    public async Task A_fault_is_told_with_its_stack_and_a_trace_that_the_client_was_given()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var host = await HostProcess.StartAsync(deployment, Json);
        await using (var connection = await deployment.ConnectAsync())
        await using (var drop = new NpgsqlCommand("DROP TABLE ops.mt_doc_audit_entry CASCADE", connection))
            await drop.ExecuteNonQueryAsync(CancellationToken);

        using var response = await host.SendAsync(HttpMethod.Get, "audit", null, ("X-Request-Id", "fault-1"));
        var trace = (await response.ProblemAsync(HttpStatusCode.InternalServerError)).GetProperty("traceId").GetString();

        var request = await LogLines.OfRequestAsync(host, "fault-1");
        (request.Text("@l"), request.Text("Status"), request.Text("TraceId"), request.Text("Route")).ShouldBe(("Error", "500", trace, "/api/v1/audit"));
        var fault = LogLines.Parse(host).Single(line => line.Text("@x") is not null && line.Text("@tr") == trace);
        fault.Text("@x")!.ShouldContain("\n   at ");
        fault.Text("@l").ShouldBe("Error");
        (await response.Content.ReadAsStringAsync(CancellationToken)).ShouldNotContain("42P01", customMessage: "What broke is for the log, not for the client.");
    }

    [Theory]
    [InlineData("json")]
    [InlineData("text")]
    public async Task Line_breaks_from_outside_begin_no_line(string format)
    {
        await using var host = await HostProcess.StartAsync(settings: new Dictionary<string, string>(Json) { ["LOG_FORMAT"] = format });
        const string Forged = "FORGED \u001b[2J everything is fine";
        using var path = await host.SendAsync(HttpMethod.Get, $"nowhere/{Uri.EscapeDataString($"x\r\n{Forged}\n{Forged}\u2028{Forged}")}", null, ("User-Agent", "path-test"));
        path.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        var job = await host.SubmitAsync("debug.fail", new { message = $"broken\r\n{Forged}\n\n{Forged}", attempts = 1 }, with: one => one["maxAttempts"] = 1);
        await host.WaitForJobAsync(job.Id, "failed");

        await Eventually.IsTrueAsync(() => host.Output.Count(line => line.Contains("FORGED")) >= 2, "both were logged");
        foreach (var line in host.Output)
        {
            line.TrimStart('"').ShouldNotStartWith("FORGED");
            line.ShouldNotContain('\u001b');
            line.ShouldNotContain('\u2028', customMessage: format == "json" ? "JSON allows it raw; viewers break lines at it." : null);
        }

        if (format == "json")
            LogLines.Parse(host).ShouldNotBeEmpty();
    }
}
