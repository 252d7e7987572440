using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Edge;

public sealed class CompressionTests(CompressionTests.PlainHost host) : IClassFixture<CompressionTests.PlainHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Texts => new MatrixTheoryData<string, string>(
        ["job-types", "jobs/0197c0de-0000-7000-8000-000000000000", "no/such/route", "metrics", "/", "/docs", "/openapi/v1.json"], ["gzip", "br", "gzip, deflate, br"]);

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Text_is_compressed_and_is_the_same_text(string path, string accepted)
    {
        using var plain = await host.App.SendAsync(HttpMethod.Get, path);
        using var answer = await host.App.SendAsync(HttpMethod.Get, path, null, ("Accept-Encoding", accepted));
        answer.StatusCode.ShouldBe(plain.StatusCode);
        answer.Header("Content-Encoding").ShouldBe(accepted.Contains("br") ? "br" : "gzip");
        answer.Header("Vary")!.ShouldContain("Accept-Encoding");
        plain.Header("Vary")!.ShouldContain("Accept-Encoding", customMessage: "A cache must not hand the plain variant to everybody.");
        plain.Header("Content-Encoding").ShouldBeNull();

        var body = await answer.Content.ReadAsByteArrayAsync(CancellationToken);
        var text = Encoding.UTF8.GetString(Decompress(body, answer.Header("Content-Encoding")!));
        var same = await plain.Content.ReadAsStringAsync(CancellationToken);
        if (plain.Content.Headers.ContentType!.MediaType is "application/json")
            text.ShouldBe(same);
        else if (plain.Content.Headers.ContentType.MediaType is "application/problem+json")
            JsonSerializer.Deserialize<JsonElement>(text).GetProperty("status").GetInt32().ShouldBe((int)plain.StatusCode);
        else
            text.Split('\n')[0].ShouldBe(same.Split('\n')[0], "Numbers and nonces change, the first line does not.");
        if (same.Length > 1_000)
            body.Length.ShouldBeLessThan(same.Length);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json")]
    [InlineData("text/html")]
    public async Task Objects_are_the_users_bytes_under_a_strong_tag(string contentType)
    {
        var bytes = Encoding.UTF8.GetBytes(new string('a', 10_000));
        var key = $"compressible-{contentType.Replace('/', '-')}";
        await host.App.PutObjectAsync(key, bytes, contentType);
        using var answer = await host.App.SendAsync(HttpMethod.Get, $"objects/{key}", null, ("Accept-Encoding", "gzip, br"));
        answer.Header("Content-Encoding").ShouldBeNull();
        answer.Content.Headers.ContentLength.ShouldBe(bytes.Length);
        (await answer.Content.ReadAsByteArrayAsync(CancellationToken)).ShouldBe(bytes);
        using var range = await host.App.SendAsync(HttpMethod.Get, $"objects/{key}", null, ("Accept-Encoding", "gzip, br"), ("Range", "bytes=0-4999"));
        (range.StatusCode, range.Header("Content-Encoding"), range.Content.Headers.ContentLength).ShouldBe((HttpStatusCode.PartialContent, null, 5_000));
    }

    [Fact]
    public async Task Streams_are_not_compressed_and_start_at_once()
    {
        var job = await host.App.SubmitAsync("debug.sleep", new { milliseconds = 3_600_000 });
        using var stream = await host.App.SendAsync(HttpMethod.Get, $"jobs/{job.Id}/events", null, ("Accept-Encoding", "gzip, br"), ("Accept", "text/event-stream"));
        (stream.Header("Content-Encoding"), stream.Header("X-Accel-Buffering"), stream.Content.Headers.ContentType!.MediaType).ShouldBe((null, "no", "text/event-stream"));
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(CancellationToken));
        (await reader.ReadLineAsync(CancellationToken)).ShouldBe("retry: 2000");
    }

    [Theory]
    [InlineData("/", "base.css")]
    [InlineData("/docs", "scalar.js")]
    public async Task Files_of_pages_are_compressed_once(string page, string file)
    {
        using var html = await host.App.SendAsync(HttpMethod.Get, page);
        var path = Regex.Match(await html.Content.ReadAsStringAsync(CancellationToken), $"/assets/[0-9a-f]+/{Regex.Escape(file)}").Value;
        using var plain = await host.App.SendAsync(HttpMethod.Get, path);
        using var answer = await host.App.SendAsync(HttpMethod.Get, path, null, ("Accept-Encoding", "gzip, br"));
        answer.Header("Vary").ShouldBe("Accept-Encoding");
        plain.Header("Vary").ShouldBe("Accept-Encoding");
        answer.Header("Content-Encoding").ShouldBe("gzip");
        Decompress(await answer.Content.ReadAsByteArrayAsync(CancellationToken), "gzip").ShouldBe(await plain.Content.ReadAsByteArrayAsync(CancellationToken));
        answer.Header("ETag").ShouldBe($"W/{plain.Header("ETag")}", "Other bytes have another tag.");
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("gzip;q=0")]
    [InlineData("zstd")]
    public async Task Who_takes_no_encoding_of_ours_gets_none(string accepted)
    {
        using var answer = await host.App.SendAsync(HttpMethod.Get, "job-types", null, ("Accept-Encoding", accepted));
        (answer.Header("Content-Encoding"), answer.StatusCode).ShouldBe((null, HttpStatusCode.OK));
        answer.Header("Vary")!.ShouldContain("Accept-Encoding");
    }

    private static byte[] Decompress(byte[] body, string encoding)
    {
        using var source = new MemoryStream(body);
        using Stream decompressed = encoding == "br" ? new BrotliStream(source, CompressionMode.Decompress) : new GZipStream(source, CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        decompressed.CopyTo(bytes);
        return bytes.ToArray();
    }

    public sealed class PlainHost : IAsyncLifetime
    {
        internal ModularApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync() => App = await ModularApp.StartAsync();

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }
}
