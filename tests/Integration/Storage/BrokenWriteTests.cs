using System.Net;
using System.Net.Sockets;
using System.Text;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

/// <summary>Writes that end otherwise than their sender meant: nothing half-written stays. Alone in its store, so that leftovers can be counted.</summary>
public sealed class BrokenWriteTests(SmallStorage storage) : IClassFixture<SmallStorage>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_body_that_is_cut_off_leaves_nothing()
    {
        var key = NewPrefix() + "a";
        var before = storage.CountFiles();
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(IPAddress.Loopback, storage.App.Port, CancellationToken);
            await using var stream = socket.GetStream();
            var head = $"PUT /api/v1/objects/{key} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{new string('x', 50_000)}";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), CancellationToken);
            // The write has begun when its file is there; then the client goes.
            await Eventually.IsTrueAsync(() => storage.CountFiles() > before, "the write has begun");
        }

        await Eventually.IsTrueAsync(() => storage.CountFiles() == before, "the half-written file is removed");
        (await storage.Client.GetAsync($"objects/{key}", CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_cut_off_replacement_leaves_the_object_as_it_was()
    {
        var key = NewPrefix() + "a";
        (await storage.PutAsync(key, "before")).Dispose();
        var before = storage.CountFiles();
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(IPAddress.Loopback, storage.App.Port, CancellationToken);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"PUT /api/v1/objects/{key} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"), CancellationToken);
            await Eventually.IsTrueAsync(() => storage.CountFiles() > before, "the write has begun");
        }

        await Eventually.IsTrueAsync(() => storage.CountFiles() == before, "the half-written file is removed");
        (await storage.Client.GetStringAsync($"objects/{key}", CancellationToken)).ShouldBe("before");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_beyond_the_limit_is_413_and_leaves_nothing(bool chunked)
    {
        var key = NewPrefix() + "a";
        var before = storage.CountFiles();
        using var request = new HttpRequestMessage(HttpMethod.Put, $"objects/{key}") { Content = new ByteArrayContent(new byte[(1024 * 1024) + 1]) };
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await storage.Client.SendAsync(request, CancellationToken);
        await JsonAsync(response, HttpStatusCode.RequestEntityTooLarge);
        await Eventually.IsTrueAsync(() => storage.CountFiles() == before, "nothing is kept");
    }

    [Fact]
    public async Task A_signed_url_takes_more_than_the_request_limit_and_never_more_than_was_announced()
    {
        var key = NewPrefix() + "a";
        var bytes = new byte[3 * 1024 * 1024];
        using var begun = await storage.SendAsync(HttpMethod.Post, "objects/uploads", System.Net.Http.Json.JsonContent.Create(new { key, size = bytes.Length }));
        var upload = await JsonAsync(begun, HttpStatusCode.Created);
        var url = upload.GetProperty("url").GetString()!;
        var before = storage.CountFiles();
        using var more = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ByteArrayContent(new byte[bytes.Length + 1]) };
        more.Headers.TransferEncodingChunked = true;
        using var refused = await storage.Client.SendAsync(more, CancellationToken);
        refused.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        storage.CountFiles().ShouldBe(before);
        using var sent = await storage.Client.PutAsync(url, new ByteArrayContent(bytes), CancellationToken);
        sent.StatusCode.ShouldBe(HttpStatusCode.NoContent, await sent.Content.ReadAsStringAsync(CancellationToken));
        using var again = await storage.Client.PutAsync(url, new ByteArrayContent(bytes), CancellationToken);
        again.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        storage.CountFiles().ShouldBe(before + 1, "the bytes of the first attempt are gone");
    }

    [Fact]
    public async Task Replaced_and_deleted_objects_leave_no_bytes()
    {
        var key = NewPrefix() + "a";
        var before = storage.CountFiles();
        (await storage.PutAsync(key, "one")).Dispose();
        (await storage.PutAsync(key, "two")).Dispose();
        storage.CountFiles().ShouldBe(before + 1);
        (await storage.SendAsync(HttpMethod.Delete, $"objects/{key}")).Dispose();
        storage.CountFiles().ShouldBe(before);
    }

    [Fact]
    public async Task A_refused_write_leaves_no_bytes()
    {
        var key = NewPrefix() + "a";
        (await storage.PutAsync(key, "one")).Dispose();
        var before = storage.CountFiles();
        (await storage.PutAsync(key, "two", ("If-None-Match", "*"))).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await storage.PutAsync(key, "two", ("Content-Digest", $"sha-256=:{Convert.ToBase64String(new byte[32])}:"))).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        storage.CountFiles().ShouldBe(before);
    }
}

/// <summary>A Host with low limits.</summary>
public sealed class SmallStorage() : StorageFixture(StoreKind.FileSystem)
{
    internal override Dictionary<string, string> SettingsOf(Deployment deployment) => new(StringComparer.Ordinal) { ["MAX_REQUEST_SIZE_MB"] = "1" };
}
