using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

public sealed class FileSystemObjectRouteTests(FileSystemStorage storage) : ObjectRouteTests(storage), IClassFixture<FileSystemStorage>;

public sealed class S3ObjectRouteTests(S3Storage storage) : ObjectRouteTests(storage), IClassFixture<S3Storage>;

/// <summary>Put, get and delete, on each store.</summary>
public abstract class ObjectRouteTests(StorageFixture storage)
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_object_comes_back_as_it_was_put()
    {
        var key = NewPrefix() + "a.txt";
        using var put = await storage.Client.PutAsync($"objects/{key}", Body("hello, object"u8.ToArray(), "text/plain; charset=utf-8"), CancellationToken);
        var stored = await JsonAsync(put, HttpStatusCode.Created);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData("hello, object"u8));
        stored.GetProperty("key").GetString().ShouldBe(key);
        stored.GetProperty("size").GetInt64().ShouldBe(13);
        stored.GetProperty("sha256").GetString().ShouldBe(sha256);
        stored.GetProperty("etag").GetString().ShouldBe($"\"{sha256}\"");
        stored.GetProperty("contentType").GetString().ShouldBe("text/plain; charset=utf-8");
        stored.GetProperty("expiresAt").ValueKind.ShouldBe(JsonValueKind.Null);
        put.Headers.Location!.ToString().ShouldBe($"/api/v1/objects/{key}");

        using var get = await storage.Client.GetAsync($"objects/{key}", CancellationToken);
        (await get.Content.ReadAsStringAsync(CancellationToken)).ShouldBe("hello, object");
        get.Headers.ETag!.Tag.ShouldBe($"\"{sha256}\"");
        get.Headers.AcceptRanges.ShouldBe(["bytes"]);
        get.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        get.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; charset=utf-8");
        get.Content.Headers.ContentLength.ShouldBe(13);
        get.Content.Headers.LastModified.ShouldNotBeNull();
        get.Content.Headers.ContentDisposition!.ToString().ShouldContain("attachment; filename=a.txt");
    }

    [Fact]
    public async Task HEAD_tells_what_GET_tells_without_the_bytes()
    {
        var key = NewPrefix() + "a";
        (await storage.PutAsync(key, "12345")).Dispose();
        using var head = await storage.SendAsync(HttpMethod.Head, $"objects/{key}");
        head.StatusCode.ShouldBe(HttpStatusCode.OK);
        head.Content.Headers.ContentLength.ShouldBe(5);
        head.Headers.ETag.ShouldNotBeNull();
        (await head.Content.ReadAsByteArrayAsync(CancellationToken)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_empty_object_is_an_object()
    {
        var key = NewPrefix() + "empty";
        using var put = await storage.PutAsync(key, "");
        (await JsonAsync(put, HttpStatusCode.Created)).GetProperty("size").GetInt64().ShouldBe(0);
        using var get = await storage.Client.GetAsync($"objects/{key}", CancellationToken);
        get.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await get.Content.ReadAsByteArrayAsync(CancellationToken)).ShouldBeEmpty();
        using var range = await storage.SendAsync(HttpMethod.Get, $"objects/{key}", null, ("Range", "bytes=0-"));
        range.StatusCode.ShouldBe(HttpStatusCode.RequestedRangeNotSatisfiable);
    }

    [Fact]
    public async Task Replacing_answers_200_and_readers_see_the_new_bytes()
    {
        var key = NewPrefix() + "a";
        (await storage.PutAsync(key, "one")).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await storage.PutAsync(key, "two")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await storage.Client.GetStringAsync($"objects/{key}", CancellationToken)).ShouldBe("two");
    }

    [Fact]
    public async Task A_deleted_object_is_gone_and_deleting_it_again_is_no_error()
    {
        var key = NewPrefix() + "a";
        (await storage.PutAsync(key, "one")).Dispose();
        for (var i = 0; i < 2; i++)
        {
            using var deleted = await storage.SendAsync(HttpMethod.Delete, $"objects/{key}");
            deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        }

        using var get = await storage.Client.GetAsync($"objects/{key}", CancellationToken);
        var problem = await JsonAsync(get, HttpStatusCode.NotFound);
        problem.GetProperty("detail").GetString()!.ShouldContain(key);
    }

    [Fact]
    public async Task A_key_and_a_key_below_it_may_both_exist()
    {
        var key = NewPrefix() + "a";
        (await storage.PutAsync(key, "outer")).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await storage.PutAsync(key + "/b", "inner")).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await storage.Client.GetStringAsync($"objects/{key}", CancellationToken)).ShouldBe("outer");
        (await storage.Client.GetStringAsync($"objects/{key}/b", CancellationToken)).ShouldBe("inner");
    }

    [Fact]
    public async Task A_name_beyond_ASCII_is_sent_as_RFC_6266_says()
    {
        var key = NewPrefix() + "Übung \"1\".csv";
        (await storage.PutAsync(key, "x")).StatusCode.ShouldBe(HttpStatusCode.Created);
        using var get = await storage.Client.GetAsync(Infrastructure.RunningModular.ObjectPath(key), CancellationToken);
        get.Content.Headers.GetValues("Content-Disposition").Single().ShouldContain("filename*=UTF-8''%C3%9Cbung%20%221%22.csv");
    }

    [Theory]
    [InlineData("bytes=0-3", "0123", "bytes 0-3/10")]
    [InlineData("bytes=4-", "456789", "bytes 4-9/10")]
    [InlineData("bytes=-3", "789", "bytes 7-9/10")]
    [InlineData("bytes=8-100", "89", "bytes 8-9/10")]
    [InlineData("bytes=-100", "0123456789", "bytes 0-9/10")]
    public async Task One_range_is_answered_with_206(string range, string expected, string contentRange)
    {
        var key = NewPrefix() + "digits";
        (await storage.PutAsync(key, "0123456789")).Dispose();
        using var get = await storage.SendAsync(HttpMethod.Get, $"objects/{key}", null, ("Range", range));
        get.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        get.Content.Headers.ContentRange!.ToString().ShouldBe(contentRange);
        get.Content.Headers.ContentLength.ShouldBe(expected.Length);
        (await get.Content.ReadAsStringAsync(CancellationToken)).ShouldBe(expected);
    }

    [Theory]
    [InlineData("bytes=10-")]
    [InlineData("bytes=-0")]
    public async Task A_range_outside_the_object_is_416_and_says_how_long_it_is(string range)
    {
        var key = NewPrefix() + "digits";
        (await storage.PutAsync(key, "0123456789")).Dispose();
        using var get = await storage.SendAsync(HttpMethod.Get, $"objects/{key}", null, ("Range", range));
        get.StatusCode.ShouldBe(HttpStatusCode.RequestedRangeNotSatisfiable);
        get.Content.Headers.ContentRange!.ToString().ShouldBe("bytes */10");
        get.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
    }

    [Theory]
    [InlineData("bytes=0-1,4-5")]
    [InlineData("items=0-1")]
    [InlineData("bytes=nonsense")]
    public async Task Several_ranges_or_unreadable_ones_get_the_whole(string range)
    {
        var key = NewPrefix() + "digits";
        (await storage.PutAsync(key, "0123456789")).Dispose();
        using var get = await storage.SendAsync(HttpMethod.Get, $"objects/{key}", null, ("Range", range));
        get.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await get.Content.ReadAsStringAsync(CancellationToken)).ShouldBe("0123456789");
    }

    [Fact]
    public async Task Conditional_reads_follow_the_entity_tag_and_the_date()
    {
        var key = NewPrefix() + "a";
        using var put = await storage.PutAsync(key, "0123456789");
        var etag = put.Headers.ETag!.Tag;
        using var current = await storage.Client.GetAsync($"objects/{key}", CancellationToken);
        var modified = current.Content.Headers.LastModified!.Value;

        await ShouldAnswer(HttpStatusCode.NotModified, ("If-None-Match", etag));
        await ShouldAnswer(HttpStatusCode.NotModified, ("If-None-Match", $"W/{etag}"));
        await ShouldAnswer(HttpStatusCode.NotModified, ("If-None-Match", "*"));
        await ShouldAnswer(HttpStatusCode.OK, ("If-None-Match", "\"other\""));
        await ShouldAnswer(HttpStatusCode.NotModified, ("If-Modified-Since", modified.ToString("R")));
        await ShouldAnswer(HttpStatusCode.OK, ("If-Modified-Since", modified.AddSeconds(-1).ToString("R")));
        await ShouldAnswer(HttpStatusCode.OK, ("If-Match", etag));
        await ShouldAnswer(HttpStatusCode.PreconditionFailed, ("If-Match", "\"other\""));
        await ShouldAnswer(HttpStatusCode.PreconditionFailed, ("If-Unmodified-Since", modified.AddSeconds(-1).ToString("R")));
        await ShouldAnswer(HttpStatusCode.PartialContent, ("Range", "bytes=0-1"), ("If-Range", etag));
        await ShouldAnswer(HttpStatusCode.OK, ("Range", "bytes=0-1"), ("If-Range", "\"other\""));
        await ShouldAnswer(HttpStatusCode.PartialContent, ("Range", "bytes=0-1"), ("If-Range", modified.ToString("R")));
        await ShouldAnswer(HttpStatusCode.OK, ("Range", "bytes=0-1"), ("If-Range", modified.AddSeconds(-1).ToString("R")));

        async Task ShouldAnswer(HttpStatusCode status, params (string Name, string Value)[] headers)
        {
            using var response = await storage.SendAsync(HttpMethod.Get, $"objects/{key}", null, headers);
            response.StatusCode.ShouldBe(status, string.Join(", ", headers));
            if (status is HttpStatusCode.NotModified)
                response.Headers.ETag!.Tag.ShouldBe(etag);
        }
    }
}
