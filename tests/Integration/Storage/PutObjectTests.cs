using System.Net;
using System.Security.Cryptography;
using System.Text;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

public sealed class FileSystemPutObjectTests(FileSystemStorage storage) : PutObjectTests(storage), IClassFixture<FileSystemStorage>;

public sealed class S3PutObjectTests(S3Storage storage) : PutObjectTests(storage), IClassFixture<S3Storage>;

/// <summary>What the headers of a write ask for, on each store.</summary>
public abstract class PutObjectTests(StorageFixture storage)
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_happens_only_when_its_precondition_holds()
    {
        var key = NewPrefix() + "a";
        (await storage.PutAsync(key, "x", ("If-Match", "*"))).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        using var first = await storage.PutAsync(key, "one", ("If-None-Match", "*"));
        first.StatusCode.ShouldBe(HttpStatusCode.Created);
        (await storage.PutAsync(key, "two", ("If-None-Match", "*"))).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await storage.PutAsync(key, "two", ("If-Match", "\"other\""))).StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await storage.Client.GetStringAsync($"objects/{key}", CancellationToken)).ShouldBe("one");
        (await storage.PutAsync(key, "two", ("If-Match", first.Headers.ETag!.Tag))).StatusCode.ShouldBe(HttpStatusCode.OK);
        using var refused = await storage.SendAsync(HttpMethod.Delete, $"objects/{key}", null, ("If-Match", first.Headers.ETag.Tag));
        refused.StatusCode.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await storage.Client.GetStringAsync($"objects/{key}", CancellationToken)).ShouldBe("two");
    }

    [Fact]
    public async Task Of_many_writers_that_create_one_key_exactly_one_wins()
    {
        var key = NewPrefix() + "a";
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(async number =>
        {
            using var response = await storage.PutAsync(key, $"writer {number}", ("If-None-Match", "*"));
            return response.StatusCode;
        }));
        answers.Count(status => status is HttpStatusCode.Created).ShouldBe(1);
        answers.Count(status => status is HttpStatusCode.PreconditionFailed).ShouldBe(15);
    }

    [Fact]
    public async Task Of_many_writers_that_replace_the_same_version_exactly_one_wins()
    {
        var key = NewPrefix() + "a";
        using var first = await storage.PutAsync(key, "first");
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(async number =>
        {
            using var response = await storage.PutAsync(key, $"writer {number}", ("If-Match", first.Headers.ETag!.Tag));
            return response.StatusCode;
        }));
        answers.Count(status => status is HttpStatusCode.OK).ShouldBe(1);
        answers.Count(status => status is HttpStatusCode.PreconditionFailed).ShouldBe(15);
    }

    [Fact]
    public async Task A_digest_that_does_not_match_is_refused_and_nothing_is_kept()
    {
        var key = NewPrefix() + "a";
        var right = Convert.ToBase64String(SHA256.HashData("body"u8));
        var wrong = Convert.ToBase64String(SHA256.HashData("other"u8));
        using var refused = await storage.PutAsync(key, "body", ("Content-Digest", $"sha-256=:{wrong}:"));
        await InvalidAsync(refused, "Content-Digest");
        (await storage.Client.GetAsync($"objects/{key}", CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        using var unreadable = await storage.PutAsync(key, "body", ("Content-Digest", "md5=:AAAA:"));
        (await InvalidAsync(unreadable, "Content-Digest")).ShouldContain("sha-256");
        using var accepted = await storage.PutAsync(key, "body", ("Content-Digest", $"sha-512=:AAAA:, sha-256=:{right}:"));
        accepted.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task An_object_disappears_when_its_time_is_over()
    {
        var key = NewPrefix() + "a";
        using var put = await storage.PutAsync(key, "short", ("X-Expires-In", "1"));
        (await JsonAsync(put, HttpStatusCode.Created)).GetProperty("expiresAt").GetString()!.ShouldEndWith("Z");
        await Infrastructure.Eventually.PassesAsync(async () =>
        {
            using var get = await storage.Client.GetAsync($"objects/{key}", CancellationToken);
            get.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        });
        // What has expired does not stand in the way of a writer that creates.
        (await storage.PutAsync(key, "new", ("If-None-Match", "*"))).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("315360001")]
    [InlineData("soon")]
    public async Task An_expiry_out_of_bounds_is_refused(string seconds)
    {
        using var put = await storage.PutAsync(NewPrefix() + "a", "x", ("X-Expires-In", seconds));
        (await InvalidAsync(put, "X-Expires-In")).ShouldContain("from 1 to 315360000");
    }

    [Fact]
    public async Task A_content_type_that_is_none_is_refused()
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes("x"));
        content.Headers.TryAddWithoutValidation("Content-Type", "not a media type");
        using var put = await storage.Client.PutAsync($"objects/{NewPrefix()}a", content, CancellationToken);
        (await InvalidAsync(put, "contentType")).ShouldContain("media type");
    }
}
