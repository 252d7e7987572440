using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Edge.EdgeClient;

namespace Modular.IntegrationTests.Edge;

public sealed class BodyLimitTests(BodyLimitTests.SmallHost host) : IClassFixture<BodyLimitTests.SmallHost>
{
    private const int Mebibyte = 1024 * 1024;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_raw_body_that_is_too_large_is_refused_and_nothing_of_it_kept(bool chunked)
    {
        var key = $"raw-{chunked}";
        using var refused = await host.App.SendAsync(HttpMethod.Put, $"objects/{key}", Bytes(Mebibyte + 1, chunked));
        await ShouldBeTooLargeAsync(refused);
        await ShouldHaveKeptNothingAsync(key);
        using var fits = await host.App.SendAsync(HttpMethod.Put, $"objects/fits-{key}", Bytes(Mebibyte, chunked));
        fits.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_client_that_is_still_sending_reads_the_refusal_too()
    {
        // Far more than the buffers in between take: a server that cut the connection would reset it under the client's hands.
        foreach (var chunked in new[] { false, true })
        {
            using var refused = await host.App.SendAsync(HttpMethod.Put, "objects/large", Bytes(32 * Mebibyte, chunked));
            await ShouldBeTooLargeAsync(refused);
        }
    }

    [Fact]
    public async Task On_S3_nothing_is_kept_either()
    {
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string> { ["MAX_REQUEST_SIZE_MB"] = "1" }, StoreKind.S3);
        using var refused = await app.SendAsync(HttpMethod.Put, "objects/raw", Bytes(2 * Mebibyte, chunked: true));
        await ShouldBeTooLargeAsync(refused);
        using var missing = await app.SendAsync(HttpMethod.Get, "objects/raw");
        missing.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_form_that_is_too_large_is_refused_as_a_whole(bool chunked)
    {
        var prefix = $"form-{chunked}/";
        using var form = new MultipartFormDataContent
        {
            { new StringContent(prefix), "prefix" },
            { Bytes(Mebibyte / 2, chunked: false), "files", "fits" },
            { Bytes(Mebibyte / 2, chunked: false), "files", "does-not" },
        };
        if (chunked)
            form.Headers.ContentLength = null;
        using var request = new HttpRequestMessage(HttpMethod.Post, "objects") { Content = form, Headers = { TransferEncodingChunked = chunked } };
        using var refused = await host.App.Client.SendAsync(request, CancellationToken);
        await ShouldBeTooLargeAsync(refused);
        await ShouldHaveKeptNothingAsync(prefix);
    }

    [Theory]
    [InlineData("jobs", "type", false)]
    [InlineData("jobs", "type", true)]
    [InlineData("jobs/batch", "jobs", false)]
    [InlineData("jobs/batch", "jobs", true)]
    [InlineData("jobs/bulk", "action", false)]
    [InlineData("objects/links", "key", true)]
    [InlineData("api-keys", "name", false)]
    [InlineData("session", "key", true)]
    public async Task JSON_that_is_too_large_is_refused(string path, string member, bool chunked)
    {
        var text = Encoding.UTF8.GetBytes($"{{\"{member}\":\"{new string('x', 3 * Mebibyte)}\"}}");
        using var content = chunked ? (HttpContent)new StreamContent(new Unsized(text)) : new ByteArrayContent(text);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var refused = await host.App.SendAsync(HttpMethod.Post, path, content);
        await ShouldBeTooLargeAsync(refused);
        (await host.App.GetAsync<System.Text.Json.JsonElement>("jobs")).GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_signed_upload_URL_takes_what_was_announced_and_no_more()
    {
        var url = await AnnounceAsync(2 * Mebibyte);
        using var tooLarge = await host.App.SendAsync(HttpMethod.Put, url, Bytes((2 * Mebibyte) + 1, chunked: true));
        await tooLarge.ProblemAsync(HttpStatusCode.RequestEntityTooLarge);
        using var beyondAll = await host.App.SendAsync(HttpMethod.Put, await AnnounceAsync(3 * Mebibyte), Bytes((3 * Mebibyte) + 1, chunked: true));
        await beyondAll.ProblemAsync(HttpStatusCode.RequestEntityTooLarge);
        await ShouldHaveKeptNothingAsync("announced");
        using var fits = await host.App.SendAsync(HttpMethod.Put, url, Bytes(2 * Mebibyte, chunked: false));
        fits.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var refused = await host.App.SendAsync(HttpMethod.Post, "objects/uploads", Json(new { key = "announced", size = (3 * Mebibyte) + 1 }));
        await refused.ProblemAsync(HttpStatusCode.BadRequest);
    }

    private static async Task ShouldBeTooLargeAsync(HttpResponseMessage response) =>
        (await response.ProblemAsync(HttpStatusCode.RequestEntityTooLarge)).GetProperty("detail").GetString()!.ShouldContain("objects/uploads");

    private static HttpContent Bytes(int count, bool chunked) =>
        chunked ? new StreamContent(new Unsized(new byte[count])) : new ByteArrayContent(new byte[count]);

    private async Task<string> AnnounceAsync(int size)
    {
        using var begun = await host.App.SendAsync(HttpMethod.Post, "objects/uploads", Json(new { key = $"announced-{size}", size }));
        return (await begun.ReadJsonAsync(HttpStatusCode.Created)).GetProperty("url").GetString()!;
    }

    private async Task ShouldHaveKeptNothingAsync(string prefix)
    {
        (await host.App.GetAsync<System.Text.Json.JsonElement>($"objects?prefix={prefix}")).GetProperty("items").GetArrayLength().ShouldBe(0);
        // Bytes of a broken-off write are removed right away, or else by the sweeper: none may be there under a name that counts.
        var objects = Path.Combine(host.App.Deployment.Folder, "objects");
        await Eventually.IsTrueAsync(
            () => Directory.GetFiles(objects, "*", SearchOption.AllDirectories).All(file => new FileInfo(file).Length is 0 or < 200 or Mebibyte or 2 * Mebibyte),
            "no part of a refused body is left");
    }

    /// <summary>A stream that does not tell its length, so that the body is sent chunked.</summary>
    private sealed class Unsized(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }

    public sealed class SmallHost : IAsyncLifetime
    {
        internal ModularApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync() => App = await ModularApp.StartAsync(new Dictionary<string, string> { ["MAX_REQUEST_SIZE_MB"] = "1", ["MAX_UPLOAD_SIZE_MB"] = "3" });

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }
}
