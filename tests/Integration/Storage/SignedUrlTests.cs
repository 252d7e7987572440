using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

public sealed class FileSystemSignedUrlTests(LockedStorage storage) : IClassFixture<LockedStorage>
{
    private static readonly HttpClient Bare = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_link_serves_without_a_key_what_the_route_serves_with_one()
    {
        var key = NewPrefix() + "mit leer/ä+1%.txt";
        await PutAsync(key, "0123456789");
        var url = await LinkAsync(key);
        using var whole = await Bare.GetAsync(url, CancellationToken);
        whole.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await whole.Content.ReadAsStringAsync(CancellationToken)).ShouldBe("0123456789");
        whole.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        using var ranged = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Range = new RangeHeaderValue(2, 4) } };
        using var part = await Bare.SendAsync(ranged, CancellationToken);
        part.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await part.Content.ReadAsStringAsync(CancellationToken)).ShouldBe("234");
        using var head = await Bare.SendAsync(new HttpRequestMessage(HttpMethod.Head, url), CancellationToken);
        head.Content.Headers.ContentLength.ShouldBe(10);
    }

    [Fact]
    public async Task A_link_that_was_changed_in_any_part_is_refused()
    {
        var (key, other) = (NewPrefix() + "a", NewPrefix() + "b");
        await PutAsync(key, "mine");
        await PutAsync(other, "other");
        var url = await LinkAsync(key);
        var signature = url[(url.IndexOf("signature=", StringComparison.Ordinal) + "signature=".Length)..];
        string[] changed =
        [
            url.Replace(key, other, StringComparison.Ordinal),
            url.Replace("expires=", "expires=9", StringComparison.Ordinal),
            url.Replace("size=0", "size=1", StringComparison.Ordinal),
            url.Replace(signature, (signature[0] == 'A' ? 'B' : 'A') + signature[1..], StringComparison.Ordinal),
            url.Replace(signature, signature[..^2], StringComparison.Ordinal),
            url.Replace(signature, "", StringComparison.Ordinal),
            url.Replace("&signature=" + signature, "", StringComparison.Ordinal),
            url.Replace(signature, "!!!", StringComparison.Ordinal),
        ];
        foreach (var link in changed)
        {
            using var response = await Bare.GetAsync(link, CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.Forbidden, link);
            response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        }

        // A download link allows no upload, and an upload link of the same numbers no download.
        using var put = await Bare.PutAsync(url.Replace("/objects/", "/uploads/", StringComparison.Ordinal), Body("x"), CancellationToken);
        put.IsSuccessStatusCode.ShouldBeFalse();
        (await Bare.GetStringAsync(url, CancellationToken)).ShouldBe("mine");
    }

    [Fact]
    public async Task A_link_stops_when_its_time_is_over()
    {
        var key = NewPrefix() + "a";
        await PutAsync(key, "x");
        var url = await LinkAsync(key, seconds: 1);
        await Infrastructure.Eventually.PassesAsync(async () =>
        {
            using var response = await Bare.GetAsync(url, CancellationToken);
            (await JsonAsync(response, HttpStatusCode.Forbidden)).GetProperty("detail").GetString()!.ShouldContain("expired");
        });
    }

    [Fact]
    public async Task A_link_follows_its_key_and_ends_with_it()
    {
        var key = NewPrefix() + "a";
        await PutAsync(key, "one");
        var url = await LinkAsync(key);
        await PutAsync(key, "two");
        (await Bare.GetStringAsync(url, CancellationToken)).ShouldBe("two");
        (await storage.SendAsync(HttpMethod.Delete, $"objects/{key}", null, LockedStorage.Key)).Dispose();
        (await Bare.GetAsync(url, CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_upload_url_that_was_changed_is_refused_and_takes_nothing()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "objects/uploads") { Content = JsonContent.Create(new { key = NewPrefix() + "a", size = 3 }) };
        request.Headers.TryAddWithoutValidation(LockedStorage.Key.Name, LockedStorage.Key.Value);
        using var begun = await storage.Client.SendAsync(request, CancellationToken);
        var url = (await JsonAsync(begun, HttpStatusCode.Created)).GetProperty("url").GetString()!;
        foreach (var changed in new[] { url.Replace("size=3", "size=3000", StringComparison.Ordinal), url + "A", url.Replace("expires=", "expires=1", StringComparison.Ordinal) })
        {
            using var refused = await Bare.PutAsync(changed, Body(new string('x', changed.Contains("size=3000", StringComparison.Ordinal) ? 3000 : 3)), CancellationToken);
            refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden, changed);
        }

        using var sent = await Bare.PutAsync(url, Body("abc"), CancellationToken);
        sent.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Everything_else_asks_for_a_key()
    {
        foreach (var (method, path) in new[] { ("GET", "objects"), ("GET", "objects/a"), ("PUT", "objects/a"), ("DELETE", "objects/a"), ("POST", "objects/links"), ("POST", "objects/uploads") })
        {
            using var response = await storage.SendAsync(new HttpMethod(method), path, method is "POST" ? JsonContent.Create(new { key = "a" }) : null);
            response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, path);
        }
    }

    private async Task PutAsync(string key, string text)
    {
        using var response = await storage.PutAsync(key, text, LockedStorage.Key);
        response.IsSuccessStatusCode.ShouldBeTrue();
    }

    private async Task<string> LinkAsync(string key, int seconds = 60)
    {
        using var response = await storage.SendAsync(HttpMethod.Post, "objects/links", JsonContent.Create(new { key, expiresSeconds = seconds }), LockedStorage.Key);
        return (await JsonAsync(response, HttpStatusCode.Created)).GetProperty("url").GetString()!;
    }
}

public sealed class LinkTests(DirectStorage direct, FileSystemStorage storage) : IClassFixture<DirectStorage>, IClassFixture<FileSystemStorage>
{
    [Fact]
    public async Task With_a_public_S3_endpoint_the_link_leads_straight_to_it()
    {
        var key = NewPrefix() + "name \"x\".txt";
        (await direct.PutAsync(key, "bytes")).Dispose();
        using var response = await direct.Client.PostAsJsonAsync("objects/links", new { key, expiresSeconds = 60 }, TestContext.Current.CancellationToken);
        var url = (await JsonAsync(response, HttpStatusCode.Created)).GetProperty("url").GetString()!;
        new Uri(url).Port.ShouldNotBe(direct.App.Port);
        using var bare = new HttpClient();
        using var get = await bare.GetAsync(url, TestContext.Current.CancellationToken);
        (await get.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldBe("bytes");
        get.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
        get.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
    }

    [Theory]
    [InlineData("""{"key":"a"}""", "expiresSeconds")]
    [InlineData("""{"key":"a","expiresSeconds":604801}""", "expiresSeconds")]
    [InlineData("""{"expiresSeconds":10}""", "key")]
    public async Task A_link_out_of_bounds_names_its_field(string body, string field)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await storage.Client.PostAsync("objects/links", content, TestContext.Current.CancellationToken);
        await InvalidAsync(response, field);
    }

    [Fact]
    public async Task A_link_to_nothing_is_404()
    {
        using var response = await storage.Client.PostAsJsonAsync("objects/links", new { key = NewPrefix() + "a", expiresSeconds = 10 }, TestContext.Current.CancellationToken);
        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
