using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Modular.Jobs.Contracts;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

/// <summary>What jobs are promised. Alone in its store, so that leftovers can be counted.</summary>
public sealed class ArtifactStoreTests(FileSystemStorage storage) : IClassFixture<FileSystemStorage>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private static PublishFence Open => (_, _, _) => Task.CompletedTask;

    private IArtifactStore Store => storage.App.Services.GetRequiredService<IArtifactStore>();

    [Fact]
    public async Task What_a_job_writes_is_an_object()
    {
        var key = NewPrefix() + "a";
        var written = await WriteAsync(key, "bytes", null, Open);
        written.ShouldBe(new ArtifactRef(key, 5, "text/plain", written.Sha256));
        (await Store.FindAsync(key, CancellationToken)).ShouldBe(written);
        (await storage.Client.GetStringAsync($"objects/{key}", CancellationToken)).ShouldBe("bytes");
        await using var stream = await Store.OpenAsync(key, CancellationToken);
        using var reader = new StreamReader(stream!);
        (await reader.ReadToEndAsync(CancellationToken)).ShouldBe("bytes");
    }

    [Fact]
    public async Task The_fence_sees_the_artifact_inside_the_transaction_and_nobody_else_does_yet()
    {
        var key = NewPrefix() + "a";
        ArtifactRef? seen = null;
        ArtifactRef? seenOutside = null;
        var written = await WriteAsync(key, "bytes", null, async (transaction, artifact, token) =>
        {
            seen = artifact;
            await using var command = transaction.Connection!.CreateCommand();
            command.CommandText = $"SELECT count(*) FROM storage.mt_doc_object WHERE id = '{key}'";
            (await command.ExecuteScalarAsync(token)).ShouldBe(1L);
            seenOutside = await Store.FindAsync(key, token);
        });
        seen.ShouldBe(written);
        seenOutside.ShouldBeNull();
    }

    [Fact]
    public async Task A_fence_that_throws_takes_everything_back()
    {
        var key = NewPrefix() + "a";
        await WriteAsync(key, "before", null, Open);
        var before = storage.CountFiles();
        await Should.ThrowAsync<LeaseLostException>(() => WriteAsync(key, "after", null, (_, _, _) => throw new LeaseLostException()));
        (await storage.Client.GetStringAsync($"objects/{key}", CancellationToken)).ShouldBe("before");
        storage.CountFiles().ShouldBe(before);
    }

    [Fact]
    public async Task A_write_that_throws_leaves_nothing()
    {
        var key = NewPrefix() + "a";
        var before = storage.CountFiles();
        await Should.ThrowAsync<JobFailedException>(() => Store.WriteAsync(key, "text/plain", null, async (stream, token) =>
        {
            await stream.WriteAsync(new byte[200_000], token);
            throw new JobFailedException("broken input");
        }, Open, CancellationToken));
        (await Store.FindAsync(key, CancellationToken)).ShouldBeNull();
        storage.CountFiles().ShouldBe(before);
    }

    [Fact]
    public async Task Writers_that_dispose_their_output_or_write_synchronously_are_fine()
    {
        var key = NewPrefix() + "a";
        var written = await Store.WriteAsync(key, "text/plain", null, (stream, _) =>
        {
            using (var writer = new StreamWriter(stream, Encoding.UTF8))
                writer.Write(new string('x', 100_000));
            return Task.CompletedTask;
        }, Open, CancellationToken);
        written.Size.ShouldBe(100_003);
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("")]
    [InlineData("a//b")]
    public async Task A_key_that_is_none_is_an_argument_error(string key) =>
        (await Should.ThrowAsync<ArgumentException>(() => WriteAsync(key, "x", null, Open))).Message.ShouldContain("must");

    [Fact]
    public async Task Lists_are_complete_and_in_order_beyond_a_page()
    {
        var prefix = NewPrefix();
        await using var connection = await storage.App.Deployment.ConnectAsync();
        await using (var fill = connection.CreateCommand())
        {
            fill.CommandText =
                $$"""
                  INSERT INTO storage.mt_doc_object (id, data, blob_id)
                  SELECT key, jsonb_build_object('key', key, 'blobId', gen_random_uuid(), 'size', 1, 'sha256', '', 'contentType', 'a/b', 'createdAt', '2026-01-01T00:00:00.000Z'), gen_random_uuid()
                  FROM (SELECT '{{prefix}}' || lpad(number::text, 5, '0') AS key FROM generate_series(1, 1234) AS number) AS keys
                  """;
            await fill.ExecuteNonQueryAsync(CancellationToken);
        }

        var keys = new List<string>();
        await foreach (var artifact in Store.ListAsync(prefix, CancellationToken))
            keys.Add(artifact.Key);
        keys.ShouldBe(Enumerable.Range(1, 1234).Select(number => $"{prefix}{number:00000}"));
        await using var remove = connection.CreateCommand();
        remove.CommandText = $"DELETE FROM storage.mt_doc_object WHERE id LIKE '{prefix}%'";
        await remove.ExecuteNonQueryAsync(CancellationToken);
    }

    [Fact]
    public async Task Deleting_what_jobs_own_spares_what_users_own()
    {
        var (job, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var before = storage.CountFiles();
        await WriteAsync($"jobs/{job}/mine", "1", job, Open);
        await WriteAsync($"jobs/{job}/taken", "2", job, Open);
        await WriteAsync($"jobs/{other}/mine", "3", other, Open);
        var output = NewPrefix() + "output";
        await WriteAsync(output, "4", null, Open);
        (await storage.PutAsync($"jobs/{job}/taken", "a user's now")).Dispose();

        await Store.DeleteOwnedAsync([job], CancellationToken);

        (await Store.FindAsync($"jobs/{job}/mine", CancellationToken)).ShouldBeNull();
        (await Store.FindAsync($"jobs/{job}/taken", CancellationToken)).ShouldNotBeNull();
        (await Store.FindAsync($"jobs/{other}/mine", CancellationToken)).ShouldNotBeNull();
        (await Store.FindAsync(output, CancellationToken)).ShouldNotBeNull();
        storage.CountFiles().ShouldBe(before + 3);
    }

    private Task<ArtifactRef> WriteAsync(string key, string text, Guid? jobId, PublishFence fence) => Store.WriteAsync(
        key, "text/plain", jobId, async (stream, token) => await stream.WriteAsync(Encoding.UTF8.GetBytes(text), token), fence, CancellationToken);
}
