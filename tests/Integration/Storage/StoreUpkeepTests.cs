using System.Net;
using System.Net.Http.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Hosting;
using Modular.IntegrationTests.Infrastructure;
using Modular.Storage.Blobs;
using Modular.Storage.Objects;
using Weasel.Core;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

/// <summary>The sweeper, the store's identity, its probe and its schema. Each test sweeps, so each has a Host of its own.</summary>
public sealed class StoreUpkeepTests
{
    private static readonly DateTimeOffset Later = TimeProvider.System.GetUtcNow().AddDays(2);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_sweeper_removes_blobs_that_nothing_names_and_no_other(bool onS3)
    {
        await using var app = await ModularApp.StartAsync(store: onS3 ? StoreKind.S3 : StoreKind.FileSystem);
        var (sweeper, blobs) = (app.Services.GetRequiredService<BlobSweeper>(), app.Services.GetRequiredService<IBlobStore>());
        await app.PutObjectAsync("kept", "object"u8.ToArray());
        using var begun = await app.Client.PostAsJsonAsync("objects/uploads", new { key = "uploaded", size = 3 }, CancellationToken);
        var upload = await JsonAsync(begun, HttpStatusCode.Created);
        using var sent = await app.Client.PutAsync(upload.GetProperty("url").GetString(), Body("abc"), CancellationToken);
        sent.IsSuccessStatusCode.ShouldBeTrue();
        var orphan = Guid.CreateVersion7();
        await blobs.PutAsync(orphan, 10, async (stream, token) => await stream.WriteAsync(new byte[] { 1 }, token), CancellationToken);

        (await sweeper.RemoveOrphansAsync(TimeProvider.System.GetUtcNow().AddDays(-1), CancellationToken)).ShouldBe(0, "it is not a day old: a write may be on its way to name it");
        (await sweeper.RemoveOrphansAsync(Later, CancellationToken)).ShouldBe(1);

        (await blobs.FindSizeAsync(orphan, CancellationToken)).ShouldBeNull();
        (await app.GetObjectAsync("kept")).ShouldBe("object"u8.ToArray());
        using var completed = await app.Client.PostAsync($"objects/uploads/{upload.GetProperty("id").GetString()}/complete", null, CancellationToken);
        completed.StatusCode.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task What_has_expired_is_removed_with_its_bytes()
    {
        await using var app = await ModularApp.StartAsync();
        var (sweeper, blobs) = (app.Services.GetRequiredService<BlobSweeper>(), app.Services.GetRequiredService<IBlobStore>());
        using var put = new HttpRequestMessage(HttpMethod.Put, "objects/short") { Content = Body("x"), Headers = { { "X-Expires-In", "1" } } };
        (await app.Client.SendAsync(put, CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.Created);
        using var begun = await app.Client.PostAsJsonAsync("objects/uploads", new { key = "u", size = 1, expiresSeconds = 1 }, CancellationToken);
        using var sent = await app.Client.PutAsync((await JsonAsync(begun, HttpStatusCode.Created)).GetProperty("url").GetString(), Body("x"), CancellationToken);
        await app.PutObjectAsync("kept", [1]);

        await Eventually.PassesAsync(async () =>
        {
            await sweeper.RemoveExpiredAsync(CancellationToken);
            (await CountAsync(blobs)).ShouldBe(1);
        });
        (await app.GetObjectAsync("kept")).ShouldBe([1]);
    }

    [Fact]
    public async Task An_object_whose_bytes_are_gone_is_reported_and_answers_500()
    {
        await using var app = await ModularApp.StartAsync();
        var (sweeper, blobs) = (app.Services.GetRequiredService<BlobSweeper>(), app.Services.GetRequiredService<IBlobStore>());
        await app.PutObjectAsync("whole", [1]);
        (await sweeper.ReportMissingAsync(CancellationToken)).ShouldBe(0);
        await foreach (var blob in blobs.ListAsync(CancellationToken))
            await blobs.DeleteAsync(blob.Id, CancellationToken);
        (await sweeper.ReportMissingAsync(CancellationToken)).ShouldBe(1);
        (await app.Client.GetAsync("objects/whole", CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
    }

    [Theory]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task An_object_that_changes_while_the_sweeper_looks_has_lost_nothing(string change)
    {
        await using var app = await ModularApp.StartAsync();
        await app.PutObjectAsync("changing", [1]);
        var store = new ChangingStore(app.Services.GetRequiredService<IBlobStore>(), async () =>
        {
            using var request = new HttpRequestMessage(new HttpMethod(change), "objects/changing") { Content = change == "PUT" ? Body("other") : null };
            (await app.Client.SendAsync(request, CancellationToken)).IsSuccessStatusCode.ShouldBeTrue();
        });
        using var sweeper = ActivatorUtilities.CreateInstance<BlobSweeper>(app.Services, store);

        (await sweeper.ReportMissingAsync(CancellationToken)).ShouldBe(0);

        store.Changes.ShouldBe(1);
    }

    [Fact]
    public async Task A_replica_that_mounts_another_store_refuses_to_start()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using (var first = await ModularApp.StartAsync(deployment))
            await first.PutObjectAsync("a", [1]);
        await using (var again = await ModularApp.StartAsync(deployment))
            (await again.GetObjectAsync("a")).ShouldBe([1]);

        var empty = Path.Combine(deployment.Folder, "other");
        var missing = await Should.ThrowAsync<SettingsException>(() => ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["STORAGE_PATH"] = empty }));
        missing.Message.ShouldContain("STORAGE_PATH");

        await using var stranger = await Deployment.CreateAsync();
        await using (await ModularApp.StartAsync(stranger))
        {
        }

        var foreign = Path.Combine(stranger.Folder, "objects");
        var refused = await Should.ThrowAsync<SettingsException>(() => ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["STORAGE_PATH"] = foreign }));
        refused.Message.ShouldContain("database's store is");
        await using var fresh = await Deployment.CreateAsync();
        var taken = await Should.ThrowAsync<SettingsException>(() => ModularApp.StartAsync(fresh, new Dictionary<string, string> { ["STORAGE_PATH"] = foreign }));
        taken.Message.ShouldContain("another database");
    }

    [Fact]
    public async Task A_store_that_fails_is_a_503_and_an_unhealthy_part()
    {
        await using var app = await ModularApp.StartAsync();
        var probe = app.Services.GetServices<IHealthProbe>().Single(part => part.Name == "storage");
        (await probe.CheckAsync(CancellationToken)).Status.ShouldBe(HealthStatus.Healthy);

        var unfinished = Path.Combine(app.Deployment.Folder, "objects", "unfinished");
        Directory.Move(unfinished, unfinished + ".away");
        using var put = await app.Client.PutAsync("objects/a", Body("x"), CancellationToken);
        var problem = await JsonAsync(put, HttpStatusCode.ServiceUnavailable);
        put.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBeGreaterThanOrEqualTo(1);
        problem.GetProperty("detail").GetString()!.ShouldNotContain(app.Deployment.Folder);
        (await probe.CheckAsync(CancellationToken)).Status.ShouldBe(HealthStatus.Unhealthy);

        Directory.Move(unfinished + ".away", unfinished);
        await app.PutObjectAsync("a", [1]);
        (await app.Client.GetStringAsync("metrics", CancellationToken)).ShouldContain("modular_storage_operation_duration_seconds_count{operation=\"put\",outcome=\"error\"} 1");
    }

    [Fact]
    public async Task The_SQL_files_make_what_Marten_would_make()
    {
        await using var app = await ModularApp.StartAsync();
        var store = app.Services.GetRequiredService<IDocumentStore>();
        await using var connection = await app.Deployment.ConnectAsync();
        ISchemaObject[] objects = [.. store.Storage.Database.AllObjects().Where(part => part.Identifier.Schema == "storage")];
        objects.Length.ShouldBe(2);
        var difference = await SchemaMigration.DetermineAsync(connection, CancellationToken, objects);
        difference.Difference.ShouldBe(SchemaPatchDifference.None, string.Join('\n', difference.Deltas.Select(delta => $"{delta.SchemaObject.Identifier}: {delta.Difference}")));
    }

    private static async Task<int> CountAsync(IBlobStore blobs)
    {
        var count = 0;
        await foreach (var _ in blobs.ListAsync(CancellationToken))
            count++;
        return count;
    }
}
