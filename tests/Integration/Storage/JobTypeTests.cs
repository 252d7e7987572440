using System.IO.Compression;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Storage;

/// <summary>The job types that work on objects, from upload to download over HTTP.</summary>
public sealed class JobTypeTests(FileSystemStorage storage) : IClassFixture<FileSystemStorage>
{
    private ModularApp App => storage.App;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Objects_are_packed_unpacked_and_hashed()
    {
        await App.PutObjectAsync("pack/in/a.txt", "one"u8.ToArray(), "text/plain");
        await App.PutObjectAsync("pack/in/sub/b.txt", "two"u8.ToArray(), "text/plain");

        var packed = await RunAsync("archive.zip", new { prefix = "pack/in/", output = "pack/all.zip" });
        var unpacked = await RunAsync("archive.unzip", new { key = "pack/all.zip", outputPrefix = "pack/out" });
        var hashed = await RunAsync("object.checksum", new { key = "pack/out/sub/b.txt", algorithms = new[] { "sha256", "crc32c" } });

        var archive = await App.GetObjectAsync("pack/all.zip");
        var result = packed.Result!.Value;
        result.GetProperty("key").GetString().ShouldBe("pack/all.zip");
        result.GetProperty("entries").GetInt32().ShouldBe(2);
        result.GetProperty("bytes").GetInt64().ShouldBe(archive.Length);
        result.GetProperty("sha256").GetString().ShouldBe(Convert.ToHexStringLower(SHA256.HashData(archive)));
        packed.Progress!.Percent.ShouldBe(100);
        packed.Artifacts.ShouldHaveSingleItem().Key.ShouldBe("pack/all.zip");
        unpacked.Result!.Value.GetProperty("entries").GetInt32().ShouldBe(2);
        (await App.GetObjectAsync("pack/out/a.txt")).ShouldBe("one"u8.ToArray());
        hashed.Result!.Value.GetProperty("sha256").GetString().ShouldBe(Convert.ToHexStringLower(SHA256.HashData("two"u8)));
    }

    [Fact]
    public async Task A_table_goes_through_Parquet_and_comes_back()
    {
        await App.PutObjectAsync("table/in.csv", "id,name\n1,Ann\n2,\"b, c\"\n"u8.ToArray(), "text/csv");

        var parquet = await RunAsync("table.convert", new { key = "table/in.csv", output = "table/out.parquet", to = "parquet" });
        await RunAsync("table.convert", new { key = "table/out.parquet", output = "table/out.jsonl", to = "jsonl" });

        parquet.Result!.Value.GetProperty("rows").GetInt64().ShouldBe(2);
        parquet.Result.Value.GetProperty("columns").GetRawText().ShouldContain("integer");
        Encoding.UTF8.GetString(await App.GetObjectAsync("table/out.jsonl")).ShouldBe("{\"id\":1,\"name\":\"Ann\"}\n{\"id\":2,\"name\":\"b, c\"}\n");
    }

    [Fact]
    public async Task An_image_is_resized()
    {
        // A PNG of one red pixel.
        var png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==");
        await App.PutObjectAsync("image/in.png", png, "image/png");

        var job = await RunAsync("image.resize", new { key = "image/in.png", output = "image/out.webp", width = 10, format = "webp" });

        job.Result!.Value.GetProperty("height").GetInt32().ShouldBe(10);
        Encoding.ASCII.GetString(await App.GetObjectAsync("image/out.webp"), 8, 4).ShouldBe("WEBP");
    }

    [Theory]
    [InlineData("archive.unzip", "text", "InvalidArchive", "not a readable zip archive")]
    [InlineData("archive.unzip", "traversal", "InvalidArchive", "'../evil.txt'")]
    [InlineData("archive.unzip", "bomb", "ArchiveTooLarge", "200 times")]
    [InlineData("table.convert csv", "ragged", "InvalidTable", "Line 3")]
    [InlineData("table.convert parquet", "text", "InvalidTable", "not Parquet")]
    [InlineData("image.resize", "text", "InvalidImage", "not a readable")]
    [InlineData("object.checksum", "absent", "ObjectNotFound", "absent")]
    public async Task Bad_input_fails_at_once_with_its_reason_and_leaves_nothing(string type, string input, string errorType, string message)
    {
        var prefix = $"bad/{type.Replace(' ', '-')}-{input}";
        if (Input(input) is { } bytes)
        {
            await App.PutObjectAsync($"{prefix}/in", bytes);
        }

        var key = $"{prefix}/in";
        object payload = type.Split(' ') switch
        {
            ["archive.unzip"] => new { key, outputPrefix = $"{prefix}/out" },
            ["table.convert", var from] => new { key, output = $"{prefix}/out", to = "jsonl", from },
            ["image.resize"] => new { key, output = $"{prefix}/out", width = 10 },
            _ => new { key = $"{prefix}/absent", algorithms = new[] { "md5" } },
        };

        var job = await App.WaitForJobAsync((await App.SubmitAsync(type.Split(' ')[0], payload)).Id, "failed");

        job.Error!.Type.ShouldBe(errorType);
        job.Error.Message.ShouldContain(message);
        job.Attempt.ShouldBe(1, "a retry cannot mend the input");
        job.Artifacts.ShouldBeEmpty();
        var left = await App.GetAsync<JsonElement>($"objects?prefix={prefix}/out");
        left.GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Theory]
    [InlineData("archive.zip", "{\"output\":\"../out.zip\",\"prefix\":\"in/\"}", "payload.output")]
    [InlineData("archive.zip", "{\"output\":\"out.zip\"}", "payload.keys")]
    [InlineData("archive.unzip", "{\"key\":\"a\\\\b\",\"outputPrefix\":\"out/\"}", "payload.key")]
    [InlineData("object.checksum", "{\"key\":\"a\",\"algorithms\":[\"md4\"]}", "payload.algorithms[0]")]
    [InlineData("table.convert", "{\"key\":\"a\",\"output\":\"b\",\"to\":\"xlsx\"}", "payload.to")]
    [InlineData("image.resize", "{\"key\":\"a\",\"output\":\"b\",\"width\":9000}", "payload.width")]
    public async Task A_payload_that_its_type_refuses_is_a_400(string type, string payload, string field)
    {
        using var response = await App.PostJobAsync(type, JsonSerializer.Deserialize<JsonElement>(payload));

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
        problem.GetProperty("errors").EnumerateObject().ShouldHaveSingleItem().Name.ShouldBe(field);
    }

    private static byte[]? Input(string kind) => kind switch
    {
        "text" => "this is a text that is neither an archive nor a table nor an image"u8.ToArray(),
        "ragged" => "a,b\n1,2\n3\n"u8.ToArray(),
        "traversal" => Zip("../evil.txt", 10),
        "bomb" => Zip("bomb", 5_000_000),
        _ => null,
    };

    private static byte[] Zip(string name, int zeros)
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        using (var entry = zip.CreateEntry(name).Open())
        {
            entry.Write(new byte[zeros]);
        }

        return bytes.ToArray();
    }

    private async Task<JobAnswer> RunAsync(string type, object payload) =>
        await App.WaitForJobAsync((await App.SubmitAsync(type, payload)).Id, "succeeded");
}
