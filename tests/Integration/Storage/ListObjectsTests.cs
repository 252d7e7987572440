using System.Net;
using System.Text.Json;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

public sealed class ListObjectsTests(FileSystemStorage storage) : IClassFixture<FileSystemStorage>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Objects_are_listed_in_the_order_of_their_bytes()
    {
        var prefix = NewPrefix();
        string[] keys = ["B", "a", "a/b", "a-b", "a0", "Z", "_", "ä", "~", "\uffee", "🎉"];
        await FillAsync(prefix, keys);
        var listed = await ListAsync(prefix);
        listed.Keys.ShouldBe(keys.OrderBy(key => key, Comparer<string>.Create(CompareBytes)));
    }

    [Fact]
    public async Task A_prefix_matches_letter_by_letter_and_nothing_beside_it()
    {
        var prefix = NewPrefix();
        await FillAsync(prefix, ["in/a", "in/b", "in", "inn", "im/z", "in%x", "in_x", "io"]);
        (await ListAsync(prefix, "in/")).Keys.ShouldBe(["in/a", "in/b"]);
        (await ListAsync(prefix, "in_")).Keys.ShouldBe(["in_x"]);
        (await ListAsync(prefix, "nothing")).Keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task Pages_join_to_the_whole_list_without_gaps_or_doubles()
    {
        var prefix = NewPrefix();
        var keys = Enumerable.Range(0, 25).Select(number => $"k{number:000}").ToArray();
        await FillAsync(prefix, keys);
        var collected = new List<string>();
        string? cursor = null;
        do
        {
            var page = await ListAsync(prefix, limit: 10, cursor: cursor);
            page.Keys.Count.ShouldBeLessThanOrEqualTo(10);
            collected.AddRange(page.Keys);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        collected.ShouldBe(keys);
    }

    [Fact]
    public async Task A_delimiter_folds_what_lies_deeper()
    {
        var prefix = NewPrefix();
        await FillAsync(prefix, ["a", "a/1", "a/2/3", "a0", "b/1", "c", "ä/x"]);
        var top = await ListAsync(prefix, delimiter: "/");
        top.Keys.ShouldBe(["a", "a0", "c"]);
        top.Prefixes.ShouldBe(["a/", "b/", "ä/"]);
        var inner = await ListAsync(prefix, "a/", delimiter: "/");
        inner.Keys.ShouldBe(["a/1"]);
        inner.Prefixes.ShouldBe(["a/2/"]);
        var open = await ListAsync(prefix, "a", delimiter: "/");
        open.Keys.ShouldBe(["a", "a0"]);
        open.Prefixes.ShouldBe(["a/"]);
    }

    [Fact]
    public async Task Folded_pages_join_too()
    {
        var prefix = NewPrefix();
        await FillAsync(prefix, [.. Enumerable.Range(0, 6).SelectMany(number => new[] { $"d{number}/x", $"d{number}/y", $"f{number}" })]);
        var (keys, prefixes) = (new List<string>(), new List<string>());
        string? cursor = null;
        do
        {
            var page = await ListAsync(prefix, delimiter: "/", limit: 5, cursor: cursor);
            (page.Keys.Count + page.Prefixes.Count).ShouldBeLessThanOrEqualTo(5);
            keys.AddRange(page.Keys);
            prefixes.AddRange(page.Prefixes);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        keys.ShouldBe(["f0", "f1", "f2", "f3", "f4", "f5"]);
        prefixes.ShouldBe(["d0/", "d1/", "d2/", "d3/", "d4/", "d5/"]);
    }

    [Fact]
    public async Task A_folder_with_many_keys_costs_one_step()
    {
        // A service of its own: idle connections of other tests would hand in their statistics in the middle.
        await using var app = await Infrastructure.ModularApp.StartAsync();
        await using var connection = await app.Deployment.ConnectAsync();
        await using (var fill = connection.CreateCommand())
        {
            fill.CommandText =
                """
                INSERT INTO storage.mt_doc_object (id, data, blob_id)
                SELECT folder || '/' || number, jsonb_build_object('key', folder || '/' || number), gen_random_uuid()
                FROM generate_series(1, 5) AS folder, generate_series(1, 10000) AS number;
                ANALYZE storage.mt_doc_object;
                """;
            await fill.ExecuteNonQueryAsync(CancellationToken);
        }

        using var response = await app.Client.GetAsync("objects?delimiter=/", CancellationToken);
        (await JsonAsync(response, HttpStatusCode.OK)).GetProperty("prefixes").Deserialize<string[]>().ShouldBe(["1/", "2/", "3/", "4/", "5/"]);
        // Statistics arrive late: asked until the index scans of the listing are counted.
        await Infrastructure.Eventually.PassesAsync(async () =>
        {
            await using var ask = connection.CreateCommand();
            ask.CommandText = "SELECT idx_scan, idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'object_key_ordinal'";
            await using var reader = await ask.ExecuteReaderAsync(CancellationToken);
            (await reader.ReadAsync(CancellationToken)).ShouldBeTrue();
            reader.GetInt64(0).ShouldBeGreaterThanOrEqualTo(6);
            reader.GetInt64(1).ShouldBeLessThan(100);
        });
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=x", "limit")]
    [InlineData("delimiter=-", "delimiter")]
    [InlineData("prefix=a%00", "prefix")]
    [InlineData("prefix=a%5Cb", "prefix")]
    [InlineData("cursor=!!", "cursor")]
    [InlineData("cursor=AAAA", "cursor")]
    public async Task A_parameter_out_of_bounds_is_named(string query, string field)
    {
        using var response = await storage.Client.GetAsync($"objects?{query}", CancellationToken);
        await InvalidAsync(response, field);
    }

    private static int CompareBytes(string? left, string? right) =>
        System.Text.Encoding.UTF8.GetBytes(left!).AsSpan().SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(right!));

    private async Task FillAsync(string prefix, string[] keys)
    {
        foreach (var key in keys)
            (await storage.PutAsync(prefix + key, key)).StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    private async Task<(List<string> Keys, List<string> Prefixes, string? NextCursor)> ListAsync(
        string root, string prefix = "", string? delimiter = null, int? limit = null, string? cursor = null)
    {
        var query = $"objects?prefix={Uri.EscapeDataString(root + prefix)}&delimiter={delimiter}"
            + (limit is null ? "" : $"&limit={limit}") + (cursor is null ? "" : $"&cursor={cursor}");
        using var response = await storage.Client.GetAsync(query, CancellationToken);
        var list = await JsonAsync(response, HttpStatusCode.OK);
        List<string> prefixes = list.GetProperty("prefixes") is { ValueKind: JsonValueKind.Array } array
            ? [.. array.EnumerateArray().Select(item => item.GetString()![root.Length..])]
            : [];
        return ([.. list.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString()![root.Length..])],
            prefixes, list.GetProperty("nextCursor").GetString());
    }
}
