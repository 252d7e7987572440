using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

public sealed class FileSystemUploadTests(FileSystemStorage storage) : UploadTests(storage), IClassFixture<FileSystemStorage>;

public sealed class S3UploadTests(S3Storage storage) : UploadTests(storage), IClassFixture<S3Storage>;

public sealed class DirectUploadTests(DirectStorage storage) : UploadTests(storage), IClassFixture<DirectStorage>
{
    [Fact]
    public async Task Bytes_that_are_sent_again_after_completion_do_not_change_the_object()
    {
        var key = NewPrefix() + "a";
        var upload = await BeginAsync(key, "first"u8.ToArray());
        (await SendAsync(upload, "first"u8.ToArray())).IsSuccessStatusCode.ShouldBeTrue();
        (await CompleteAsync(upload)).StatusCode.ShouldBe(HttpStatusCode.Created);
        // The URL still lives: whoever has it may write to where it points, but no object points there.
        (await SendAsync(upload, "later"u8.ToArray())).Dispose();
        (await Storage.Client.GetStringAsync($"objects/{key}", CancellationToken)).ShouldBe("first");
    }

    [Fact]
    public async Task The_bytes_do_not_pass_through_this_service()
    {
        var upload = await BeginAsync(NewPrefix() + "a", "bytes"u8.ToArray());
        new Uri(upload.GetProperty("url").GetString()!).Port.ShouldNotBe(Storage.App.Port);
    }
}

/// <summary>Announced uploads: through this service on both stores, and straight to S3.</summary>
public abstract class UploadTests(StorageFixture storage)
{
    private static readonly HttpClient Bare = new();

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    protected StorageFixture Storage { get; } = storage;

    [Fact]
    public async Task What_was_sent_to_the_signed_url_is_published_by_completing()
    {
        var key = NewPrefix() + "übung/big.bin";
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        var upload = await BeginAsync(key, bytes, contentType: "application/x-big");
        (await SendAsync(upload, bytes)).IsSuccessStatusCode.ShouldBeTrue();
        (await Storage.Client.GetAsync(Infrastructure.RunningModular.ObjectPath(key), CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        using var completed = await CompleteAsync(upload);
        var stored = await JsonAsync(completed, HttpStatusCode.Created);
        stored.GetProperty("key").GetString().ShouldBe(key);
        stored.GetProperty("size").GetInt64().ShouldBe(bytes.Length);
        stored.GetProperty("contentType").GetString().ShouldBe("application/x-big");
        stored.GetProperty("sha256").GetString().ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        (await Storage.Client.GetByteArrayAsync(Infrastructure.RunningModular.ObjectPath(key), CancellationToken)).ShouldBe(bytes);
    }

    [Fact]
    public async Task A_client_that_lost_the_answer_completes_again_and_gets_the_same()
    {
        var upload = await BeginAsync(NewPrefix() + "a", "bytes"u8.ToArray());
        (await SendAsync(upload, "bytes"u8.ToArray())).Dispose();
        using var first = await CompleteAsync(upload);
        using var second = await CompleteAsync(upload);
        second.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await second.Content.ReadAsStringAsync(CancellationToken)).ShouldBe(await first.Content.ReadAsStringAsync(CancellationToken));
    }

    [Fact]
    public async Task Completing_before_the_bytes_have_arrived_is_a_conflict()
    {
        var upload = await BeginAsync(NewPrefix() + "a", "bytes"u8.ToArray());
        using var completed = await CompleteAsync(upload);
        (await JsonAsync(completed, HttpStatusCode.Conflict)).GetProperty("detail").GetString()!.ShouldContain("PUT them");
    }

    [Fact]
    public async Task A_wrong_hash_is_refused_and_nothing_is_published()
    {
        var key = NewPrefix() + "a";
        var upload = await BeginAsync(key, "right"u8.ToArray());
        using var sent = await SendAsync(upload, "wrong"u8.ToArray());
        using var completed = await CompleteAsync(upload);
        // Bytes that pass through this service are refused at once, others when they are looked at.
        if (sent.IsSuccessStatusCode)
            (await InvalidAsync(completed, "sha256")).ShouldContain("as announced");
        else
            (await InvalidAsync(sent, "sha256")).ShouldContain("as announced");
        (await Storage.Client.GetAsync($"objects/{key}", CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);

        // The upload is still open: the right bytes may follow.
        (await SendAsync(upload, "right"u8.ToArray())).IsSuccessStatusCode.ShouldBeTrue();
        (await CompleteAsync(upload)).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("shrt")]
    [InlineData("longer")]
    public async Task Another_size_than_announced_is_refused(string text)
    {
        var key = NewPrefix() + "a";
        var upload = await BeginAsync(key, "right"u8.ToArray(), withHash: false);
        using var sent = await SendAsync(upload, System.Text.Encoding.UTF8.GetBytes(text));
        using var completed = await CompleteAsync(upload);
        completed.StatusCode.ShouldBe(sent.IsSuccessStatusCode ? HttpStatusCode.BadRequest : HttpStatusCode.Conflict);
        (await Storage.Client.GetAsync($"objects/{key}", CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Preconditions_are_decided_when_the_upload_is_completed()
    {
        var key = NewPrefix() + "a";
        var upload = await BeginAsync(key, "bytes"u8.ToArray());
        (await SendAsync(upload, "bytes"u8.ToArray())).Dispose();
        (await Storage.PutAsync(key, "meanwhile")).Dispose();
        (await CompleteAsync(upload, ("If-None-Match", "*"))).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await Storage.Client.GetStringAsync($"objects/{key}", CancellationToken)).ShouldBe("meanwhile");
        (await CompleteAsync(upload, ("If-Match", "*"))).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task An_aborted_upload_is_forgotten()
    {
        var upload = await BeginAsync(NewPrefix() + "a", "bytes"u8.ToArray());
        (await SendAsync(upload, "bytes"u8.ToArray())).Dispose();
        using var aborted = await Storage.SendAsync(HttpMethod.Delete, $"objects/uploads/{upload.GetProperty("id").GetString()}");
        aborted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await CompleteAsync(upload)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_upload_whose_time_is_over_is_gone()
    {
        var upload = await BeginAsync(NewPrefix() + "a", "bytes"u8.ToArray(), expiresSeconds: 1);
        await Infrastructure.Eventually.PassesAsync(async () => (await CompleteAsync(upload)).StatusCode.ShouldBe(HttpStatusCode.NotFound));
        (await SendAsync(upload, "bytes"u8.ToArray())).IsSuccessStatusCode.ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"size":1}""", "key")]
    [InlineData("""{"key":"../x","size":1}""", "key")]
    [InlineData("""{"key":"a"}""", "size")]
    [InlineData("""{"key":"a","size":-1}""", "size")]
    [InlineData("""{"key":"a","size":5368709121}""", "size")]
    [InlineData("""{"key":"a","size":1,"sha256":"AB"}""", "sha256")]
    [InlineData("""{"key":"a","size":1,"contentType":"nonsense"}""", "contentType")]
    [InlineData("""{"key":"a","size":1,"expiresSeconds":0}""", "expiresSeconds")]
    [InlineData("""{"key":"a","size":1,"expiresSeconds":604801}""", "expiresSeconds")]
    [InlineData("""{"key":"a","size":1,"service":"http://x"}""", "service")]
    [InlineData("""{"key":"a","size":"big"}""", "size")]
    [InlineData("{", "$")]
    public async Task An_announcement_out_of_bounds_names_its_field(string body, string field)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await Storage.Client.PostAsync("objects/uploads", content, CancellationToken);
        await InvalidAsync(response, field);
    }

    protected async Task<JsonElement> BeginAsync(string key, byte[] bytes, bool withHash = true, string? contentType = null, int? expiresSeconds = null)
    {
        var sha256 = withHash ? Convert.ToHexStringLower(SHA256.HashData(bytes)) : null;
        using var response = await Storage.Client.PostAsJsonAsync("objects/uploads", new { key, size = bytes.Length, contentType, sha256, expiresSeconds }, CancellationToken);
        var upload = await JsonAsync(response, HttpStatusCode.Created);
        upload.GetProperty("method").GetString().ShouldBe("PUT");
        return upload;
    }

    /// <summary>As a client without a key does.</summary>
    protected static async Task<HttpResponseMessage> SendAsync(JsonElement upload, byte[] bytes)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, upload.GetProperty("url").GetString()) { Content = new ByteArrayContent(bytes) };
        foreach (var header in upload.GetProperty("headers").EnumerateObject())
            request.Content.Headers.TryAddWithoutValidation(header.Name, header.Value.GetString()).ShouldBeTrue();
        return await Bare.SendAsync(request, CancellationToken);
    }

    protected Task<HttpResponseMessage> CompleteAsync(JsonElement upload, params (string Name, string Value)[] headers) =>
        Storage.SendAsync(HttpMethod.Post, $"objects/uploads/{upload.GetProperty("id").GetString()}/complete", null, headers);
}
