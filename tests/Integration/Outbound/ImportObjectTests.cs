using System.Net;
using System.Security.Cryptography;

namespace Modular.IntegrationTests.Outbound;

/// <summary><c>object.import</c>: all of the bytes, or nothing.</summary>
public sealed class ImportObjectTests(OutboundHost host) : IClassFixture<OutboundHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_download_becomes_an_object(bool announced)
    {
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        await using var stranger = new Stranger(async (_, stream, cancellationToken) =>
        {
            await Stranger.WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Type: image/x-odd\r\nConnection: close\r\n{(announced ? $"Content-Length: {bytes.Length}\r\n\r\n" : $"Transfer-Encoding: chunked\r\n\r\n{bytes.Length:x}\r\n")}");
            await stream.WriteAsync(bytes, cancellationToken);
            await Stranger.WriteAsync(stream, announced ? "" : "\r\n0\r\n\r\n");
        });

        var job = await host.ImportAsync(stranger.Url(), $"import/whole-{announced}");

        job.State.ShouldBe("succeeded", job.Error?.Message);
        var result = job.Result!.Value;
        result.GetProperty("bytes").GetInt64().ShouldBe(bytes.Length);
        result.GetProperty("sha256").GetString().ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        result.GetProperty("contentType").GetString().ShouldBe("image/x-odd");
        (await host.App.GetObjectAsync($"import/whole-{announced}")).ShouldBe(bytes);
        job.Artifacts.ShouldHaveSingleItem().Key.ShouldBe($"import/whole-{announced}");
    }

    [Theory]
    [InlineData("Content-Length: 1000\r\n\r\n0123456789")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3e8\r\n0123456789")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n")]
    public async Task A_body_that_is_cut_off_leaves_nothing(string rest)
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.WriteAsync(stream, $"HTTP/1.1 200 OK\r\nConnection: close\r\n{rest}"));
        var key = $"import/cut-{Guid.NewGuid():N}";
        await host.App.PutObjectAsync(key, "before"u8.ToArray());

        var job = await host.ImportAsync(stranger.Url(), key);

        job.State.ShouldBe("failed");
        job.Error!.Type.ShouldBe("HttpIOException");
        (await host.App.GetObjectAsync(key)).ShouldBe("before"u8.ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_beyond_the_limit_fails_at_once_and_leaves_nothing(bool announced)
    {
        var sent = 0L;
        await using var stranger = new Stranger(async (_, stream, cancellationToken) =>
        {
            await Stranger.WriteAsync(stream, $"HTTP/1.1 200 OK\r\nConnection: close\r\n{(announced ? "Content-Length: 1000000000000\r\n" : "")}\r\n");
            while (!cancellationToken.IsCancellationRequested)
            {
                await stream.WriteAsync(new byte[10_000], cancellationToken);
                sent += 10_000;
            }
        });
        var key = $"import/large-{announced}";

        var job = await host.ImportAsync(stranger.Url(), key, maxAttempts: 5);

        (job.State, job.Attempt, job.Error!.Type).ShouldBe(("failed", 1, "BodyTooLarge"));
        sent.ShouldBeLessThan(50_000_000);
        using var absent = await host.App.Client.GetAsync($"objects/{key}", CancellationToken);
        absent.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_body_that_trickles_is_given_up()
    {
        await using var stranger = new Stranger(async (_, stream, cancellationToken) =>
        {
            await Stranger.WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (await timer.WaitForNextTickAsync(cancellationToken))
                await Stranger.WriteAsync(stream, "x");
        });

        (await host.ImportAsync(stranger.Url(), "import/slow")).Error!.Type.ShouldBe("TimeoutException");
    }

    [Theory]
    [InlineData(404, 1)]
    [InlineData(204, 1)]
    [InlineData(206, 1)]
    [InlineData(503, 2)]
    public async Task Only_a_200_is_an_object(int status, int attempts)
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, status, status == 204 ? "" : "an error page"));
        var submitted = await host.App.SubmitAsync("object.import", new { url = stranger.Url(), key = $"import/status-{status}" }, with: job =>
            (job["maxAttempts"], job["backoff"]) = (2, new System.Text.Json.Nodes.JsonObject { ["kind"] = "fixed", ["baseSeconds"] = 1 }));

        var job = await host.App.WaitForJobAsync(submitted.Id, "failed");

        job.Attempt.ShouldBe(attempts);
        job.Error!.Message.ShouldContain($"answered {status}");
    }

    [Fact]
    public async Task An_encoded_body_that_nobody_asked_for_is_no_object()
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 200, "not the bytes", "Content-Encoding: gzip"));

        (await host.ImportAsync(stranger.Url(), "import/encoded", maxAttempts: 5)).Error!.Type.ShouldBe("EncodedBody");
        stranger.Requests.ShouldHaveSingleItem().Headers["Accept-Encoding"].ShouldBe("identity");
    }
}
