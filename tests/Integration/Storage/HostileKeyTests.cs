using System.Net;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

/// <summary>Keys as no well-behaved client sends them, over a raw socket: no library in between may tidy the target up.</summary>
public sealed class HostileKeyTests(FileSystemStorage storage) : IClassFixture<FileSystemStorage>
{
    private static readonly string[] Hostile =
    [
        "../jobs", "a/../b", "a/./b", "..", ".", "%2e%2e/jobs", "%2E%2E/%2e%2e/etc/passwd", ".%2e/x", "a/%2e/b", "..%2fjobs", "..%5cjobs", "a%2Fb", "a%2fb",
        "a%5Cb", "a\\b", "..\\..\\x", "a//b", "/a", "a/", "a%0ab", "a%0D%0Ab", "a%7Fb", "a%C2%85", "%FF%FE", "%C0%AE%C0%AE/x", "%E0%80%AF", "%ED%A0%80",
        "e%CC%81", "a%zz", "a%2", "%u002e", "../../../../../../etc/passwd", "a/b/../../../signed/objects/x",
    ];

    public static TheoryData<string, string> Cases =>
        [.. from method in new[] { "PUT", "GET", "HEAD", "DELETE" } from key in Hostile select (method, key)];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_hostile_key_is_a_400_whatever_is_done_with_it(string method, string key)
    {
        var (status, answer) = await storage.SendRawAsync(method, "/api/v1/objects/" + key, body: method is "PUT" ? "bytes" : "");
        status.ShouldBe(400, answer);
        if (method is not "HEAD")
            answer.ShouldContain("\"key\":[\"must");
    }

    [Fact]
    public async Task A_NUL_is_refused_before_anything_reads_it() =>
        (await storage.SendRawAsync("PUT", "/api/v1/objects/a%00b", body: "x")).Status.ShouldBe(400);

    [Fact]
    public async Task An_absolute_target_names_the_same_object()
    {
        var key = NewPrefix() + "a";
        (await storage.PutAsync(key, "bytes")).Dispose();
        var (status, answer) = await storage.SendRawAsync("GET", $"http://127.0.0.1:{storage.App.Port}/api/v1/objects/{key}");
        status.ShouldBe(200, answer);
        answer.ShouldEndWith("bytes");
    }

    [Fact]
    public async Task A_key_of_1024_bytes_is_stored_and_one_more_is_refused()
    {
        var prefix = NewPrefix();
        var longest = prefix + new string('k', 1024 - prefix.Length);
        (await storage.PutAsync(longest, "x")).StatusCode.ShouldBe(HttpStatusCode.Created);
        using var refused = await storage.PutAsync(longest + "k", "x");
        (await InvalidAsync(refused, "key")).ShouldContain("1 to 1024 bytes");
        using var wide = await storage.PutAsync(prefix + new string('ü', 510), "x");
        (await InvalidAsync(wide, "key")).ShouldContain("1 to 1024 bytes");
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("sp ace")]
    [InlineData("per%25cent")]
    [InlineData("question?mark#hash")]
    [InlineData("plus+and&equals=")]
    [InlineData("ünïcödé/码/🎉")]
    [InlineData("uploads")]
    [InlineData("links")]
    [InlineData("uploads/0197c0de-0000-7000-8000-000000000000")]
    [InlineData("uploads/0197c0de-0000-7000-8000-000000000000/complete")]
    public async Task A_harmless_key_makes_the_whole_way(string name)
    {
        (await storage.PutAsync(name, "bytes")).StatusCode.ShouldBe(HttpStatusCode.Created);
        (await storage.Client.GetStringAsync(Infrastructure.RunningModular.ObjectPath(name), TestContext.Current.CancellationToken)).ShouldBe("bytes");
        using var deleted = await storage.SendAsync(HttpMethod.Delete, Infrastructure.RunningModular.ObjectPath(name));
        deleted.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var get = await storage.Client.GetAsync(Infrastructure.RunningModular.ObjectPath(name), TestContext.Current.CancellationToken);
        get.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }
}
