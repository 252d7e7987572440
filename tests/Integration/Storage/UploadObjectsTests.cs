using System.Net;
using System.Text;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

/// <summary>Alone in its class fixture's store, so that leftovers can be counted.</summary>
public sealed class UploadObjectsTests(FileSystemStorage storage) : IClassFixture<FileSystemStorage>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_files_of_a_form_are_stored_under_their_prefix()
    {
        var prefix = NewPrefix();
        using var form = new MultipartFormDataContent
        {
            { new StringContent(prefix), "prefix" },
            { Body("a,b"u8.ToArray(), "text/csv"), "files", "table.csv" },
            { new ByteArrayContent([1, 2, 3]), "anything", "ünï.bin" },
        };
        using var response = await storage.Client.PostAsync("objects", form, CancellationToken);
        var items = (await JsonAsync(response, HttpStatusCode.Created)).GetProperty("items");
        items.EnumerateArray().Select(item => item.GetProperty("key").GetString()).ShouldBe([prefix + "table.csv", prefix + "ünï.bin"]);
        items[0].GetProperty("contentType").GetString().ShouldBe("text/csv");
        items[1].GetProperty("contentType").GetString().ShouldBe("application/octet-stream");
        (await storage.Client.GetByteArrayAsync(Infrastructure.RunningModular.ObjectPath(prefix + "ünï.bin"), CancellationToken)).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_form_that_is_refused_stores_none_of_its_files()
    {
        var prefix = NewPrefix();
        (string Field, Action<MultipartFormDataContent> Break)[] cases =
        [
            ("files", form => form.Add(Body("x"), "files", "../escape")),
            ("files", form => form.Add(Body("x"), "files", "a\\b")),
            ("files", form => form.Add(Body("x"), "files", "good.txt")),
            ("prefix", form => form.Add(new StringContent("late/"), "prefix")),
            ("other", form => form.Add(new StringContent("x"), "other")),
            ("files", form => Enumerable.Range(0, 100).ToList().ForEach(number => form.Add(Body("x"), "files", $"f{number}"))),
        ];
        foreach (var (field, breakForm) in cases)
        {
            var before = storage.CountFiles();
            using var form = new MultipartFormDataContent { { new StringContent(prefix), "prefix" }, { Body("x"), "files", "good.txt" } };
            breakForm(form);
            using var response = await storage.Client.PostAsync("objects", form, CancellationToken);
            await InvalidAsync(response, field);
            (await storage.Client.GetAsync($"objects/{prefix}good.txt", CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
            storage.CountFiles().ShouldBe(before);
        }
    }

    [Fact]
    public async Task A_form_without_files_is_refused()
    {
        using var form = new MultipartFormDataContent { { new StringContent("in/"), "prefix" } };
        using var response = await storage.Client.PostAsync("objects", form, CancellationToken);
        (await InvalidAsync(response, "files")).ShouldContain("at least one");
    }

    [Fact]
    public async Task A_form_that_ends_too_early_stores_nothing()
    {
        var prefix = NewPrefix();
        var before = storage.CountFiles();
        var body = $"--b\r\nContent-Disposition: form-data; name=\"prefix\"\r\n\r\n{prefix}\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"one\"\r\n\r\nwhole\r\n"
            + "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"two\"\r\n\r\nhalf";
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", "multipart/form-data; boundary=b");
        using var response = await storage.Client.PostAsync("objects", content, CancellationToken);
        await InvalidAsync(response, "$");
        (await storage.Client.GetAsync($"objects/{prefix}one", CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
        storage.CountFiles().ShouldBe(before);
    }

    [Fact]
    public async Task Another_content_type_is_415_and_a_missing_boundary_400()
    {
        using var json = await storage.Client.PostAsync("objects", new StringContent("{}", Encoding.UTF8, "application/json"), CancellationToken);
        json.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        using var content = new StringContent("x");
        content.Headers.ContentType = new("multipart/form-data");
        using var bare = await storage.Client.PostAsync("objects", content, CancellationToken);
        (await InvalidAsync(bare, "$")).ShouldContain("boundary");
    }
}
