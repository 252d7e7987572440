using System.Net;
using System.Text;
using Modular.IntegrationTests.Edge;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Outbound;

/// <summary><c>http.call</c>: what is sent, what is kept of the answer, what is tried again.</summary>
public sealed class CallHttpTests(OutboundHost host) : IClassFixture<OutboundHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_call_is_sent_as_it_was_asked_for_and_the_answer_kept()
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 201, "{\"ok\":true}", "Content-Type: application/json", "X-Seen: a", "X-Seen: b", "Set-Cookie: theirs=1"));

        var job = await host.CallAsync(new
        {
            url = stranger.Url("/hook?x=1"), method = "POST", body = "{\"a\":\"ü\"}",
            headers = new Dictionary<string, string> { ["Content-Type"] = "application/json", ["X-Mine"] = "1" }, secretHeaders = new Dictionary<string, string> { ["Authorization"] = "Bearer theirs-only" },
        });

        job.State.ShouldBe("succeeded", job.Error?.Message);
        var request = stranger.Requests.ShouldHaveSingleItem();
        (request.Method, request.Path, request.Body).ShouldBe(("POST", "/hook?x=1", "{\"a\":\"ü\"}"));
        request.Headers["Content-Type"].ShouldBe("application/json");
        request.Headers["X-Mine"].ShouldBe("1");
        request.Headers["Authorization"].ShouldBe("Bearer theirs-only");
        request.Headers["Idempotency-Key"].ShouldBe(job.Id.ToString());
        var result = job.Result!.Value;
        result.GetProperty("status").GetInt32().ShouldBe(201);
        result.GetProperty("body").GetString().ShouldBe("{\"ok\":true}");
        result.GetProperty("headers").GetProperty("x-seen").GetString().ShouldBe("a, b");
        result.GetProperty("headers").TryGetProperty("set-cookie", out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task What_may_pass_is_tried_again_under_the_same_key(int status)
    {
        var calls = 0;
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, Interlocked.Increment(ref calls) == 1 ? status : 200, "now"));

        var job = await host.CallAsync(new { url = stranger.Url() }, maxAttempts: 2);

        job.State.ShouldBe("succeeded", job.Error?.Message);
        job.Attempts[0].Error!.Message.ShouldContain($"answered {status}");
        stranger.Requests.Select(request => request.Headers["Idempotency-Key"]).ShouldBe([job.Id.ToString(), job.Id.ToString()]);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(422)]
    public async Task Another_4xx_fails_at_once(int status)
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, status, "no"));

        var job = await host.CallAsync(new { url = stranger.Url() }, maxAttempts: 5);

        (job.State, job.Attempt, job.Error!.Type).ShouldBe(("failed", 1, "HttpStatus"));
    }

    [Theory]
    [InlineData("RunAsync")]
    [InlineData("Exception")]
    [InlineData("answered")]
    public async Task A_secret_that_is_an_ordinary_word_changes_no_outcome(string secret)
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 404, "no"));

        var job = await host.CallAsync(new { url = stranger.Url(), secretHeaders = new Dictionary<string, string> { ["X-Token"] = secret } }, maxAttempts: 5);

        (job.State, job.Attempt, job.Error!.Type).ShouldBe(("failed", 1, "HttpStatus"));
        job.Error.Message.ShouldNotContain(secret);
    }

    [Theory]
    [InlineData("Bearer to-ken/1=", "/x/to-ken/1=", "/x/***")]
    [InlineData("Bearer to-ken/1=", "/x/Bearer%20to-ken%2F1%3D", "/x/***")]
    [InlineData("to ken", "/x/to%20ken/y", "/x/***/y")]
    public async Task A_redirect_that_names_a_secret_does_not_bring_it_into_the_log(string secret, string location, string logged)
    {
        await using var stranger = new Stranger((request, stream, _) => request.Path == "/" ? Stranger.SayAsync(stream, 302, "", $"Location: {location}") : Stranger.SayAsync(stream, 200, "here"));

        var job = await host.CallAsync(new { url = stranger.Url(), secretHeaders = new Dictionary<string, string> { ["Authorization"] = secret } });

        job.State.ShouldBe("succeeded", job.Error?.Message);
        stranger.Requests.Last().Path.ShouldBe(location, "The call itself went there.");
        (await host.App.Client.GetStringAsync($"jobs/{job.Id}/logs", CancellationToken)).ShouldContain($"{logged} answered 200");
    }

    [Fact]
    public async Task A_server_that_is_not_there_or_says_nothing_is_a_fault()
    {
        await using var silent = new Stranger((_, _, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken));

        (await host.CallAsync(new { url = silent.Url() })).Error!.Type.ShouldBe("TimeoutException");
        (await host.CallAsync(new { url = $"http://127.0.0.1:{Loopback.FreePort()}/" })).Error!.Type.ShouldBe("HttpRequestException");
    }

    [Fact]
    public async Task A_body_without_end_is_cut_and_one_that_trickles_is_given_up()
    {
        await using var endless = new Stranger(async (_, stream, cancellationToken) =>
        {
            await Stranger.WriteAsync(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while (!cancellationToken.IsCancellationRequested)
                await Stranger.WriteAsync(stream, new string('x', 1000));
        });
        await using var slow = new Stranger(async (_, stream, cancellationToken) =>
        {
            await Stranger.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (await timer.WaitForNextTickAsync(cancellationToken))
                await Stranger.WriteAsync(stream, "x");
        });

        var cut = await host.CallAsync(new { url = endless.Url() });
        cut.State.ShouldBe("succeeded", cut.Error?.Message);
        cut.Result!.Value.GetProperty("body").GetString()!.Length.ShouldBe(64 * 1024);
        (await host.CallAsync(new { url = slow.Url() })).Error!.Type.ShouldBe("TimeoutException");
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x7f)]
    [InlineData(0xff)]
    [InlineData(0x22)]
    public async Task A_body_that_is_no_text_is_kept_as_well_as_may_be(byte filler)
    {
        await using var stranger = new Stranger(async (_, stream, cancellationToken) =>
        {
            await Stranger.WriteAsync(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n");
            await stream.WriteAsync(Enumerable.Repeat(filler, 70000).ToArray(), cancellationToken);
        });

        var job = await host.CallAsync(new { url = stranger.Url() });

        job.State.ShouldBe("succeeded", job.Error?.Message);
        Encoding.UTF8.GetByteCount(job.Result!.Value.GetProperty("body").GetString()!).ShouldBeInRange(64 * 1024 - 2, 64 * 1024);
    }

    [Fact]
    public async Task Secrets_go_to_the_origin_that_they_were_meant_for_and_no_other()
    {
        await using var other = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 200, "other"));
        await using var stranger = new Stranger((request, stream, _) => request.Path switch
        {
            "/here" => Stranger.SayAsync(stream, 302, "", "Location: /there"),
            "/away" => Stranger.SayAsync(stream, 307, "", $"Location: {other.Url("/away")}"),
            _ => Stranger.SayAsync(stream, 200, "same"),
        });
        object Payload(string path) => new
        {
            url = stranger.Url(path), method = "POST", body = "kept",
            headers = new Dictionary<string, string> { ["Cookie"] = "plain=but-secret-by-name", ["X-Plain"] = "1" }, secretHeaders = new Dictionary<string, string> { ["X-Token"] = "theirs-only" },
        };

        (await host.CallAsync(Payload("/here"))).State.ShouldBe("succeeded");
        (await host.CallAsync(Payload("/away"))).State.ShouldBe("succeeded");

        var there = stranger.Requests.Single(request => request.Path == "/there");
        there.Method.ShouldBe("GET", "As browsers do after a POST and a 302.");
        there.Headers["X-Token"].ShouldBe("theirs-only");
        var away = other.Requests.ShouldHaveSingleItem();
        (away.Method, away.Body, away.Headers["X-Plain"]).ShouldBe(("POST", "kept", "1"));
        away.Headers.Keys.ShouldNotContain("X-Token");
        away.Headers.Keys.ShouldNotContain("Cookie");
    }

    [Theory]
    [InlineData("headers", "X-A", "a\r\nX-B: b")]
    [InlineData("headers", "X-A", "ü")]
    [InlineData("headers", "X A", "a")]
    [InlineData("headers", "", "a")]
    [InlineData("secretHeaders", "X-A", "planted-secret\n")]
    [InlineData("secretHeaders", "Host", "planted-secret")]
    [InlineData("secretHeaders", "transfer-encoding", "chunked")]
    [InlineData("headers", "Idempotency-Key", "mine")]
    public async Task A_header_that_cannot_be_sent_is_refused_without_its_value(string field, string name, string value)
    {
        using var response = await host.App.PostJobAsync("http.call", new Dictionary<string, object> { ["url"] = "http://example.com/", [field] = new Dictionary<string, string> { [name] = value } });

        var problem = await response.ProblemAsync(HttpStatusCode.BadRequest);
        problem.GetProperty("errors").GetProperty($"payload.{field}")[0].GetString()!.ShouldStartWith("must");
        problem.GetRawText().ShouldNotContain("planted");
    }

    [Fact]
    public async Task The_trace_of_the_submission_reaches_whom_the_job_calls()
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 200));
        const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
        using var response = await host.App.SendAsync(
            HttpMethod.Post, "jobs", EdgeClient.Json(new { type = "http.call", payload = new { url = stranger.Url() } }), ("traceparent", $"00-{TraceId}-00f067aa0ba902b7-01"), ("baggage", "inner=secret"));
        var id = (await response.ReadJsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid();
        await host.App.WaitForJobAsync(id, "succeeded");

        var traced = stranger.Requests.ShouldHaveSingleItem().Headers;
        traced["traceparent"].ShouldMatch($"^00-{TraceId}-[0-9a-f]{{16}}-01$");
        traced["traceparent"].ShouldNotContain("00f067aa0ba902b7", customMessage: "The caller is a span of its own.");
        traced.Keys.ShouldNotContain("baggage");
        traced.Keys.ShouldNotContain("Correlation-Context");
    }
}
