using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Modular.Storage.Blobs;

namespace Modular.IntegrationTests.Storage;

public sealed class FileSystemBlobStoreTests(FileSystemStorage storage) : BlobStoreTests(storage), IClassFixture<FileSystemStorage>;

public sealed class S3BlobStoreTests(S3Storage storage) : BlobStoreTests(storage), IClassFixture<S3Storage>;

/// <summary>What every blob store promises, whatever it is made of.</summary>
public abstract class BlobStoreTests(StorageFixture storage)
{
    private const int PartBytes = 8 * 1024 * 1024;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private IBlobStore Store => storage.App.Services.GetRequiredService<IBlobStore>();

    // Around the sizes where a store may change its way of writing.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    [InlineData(PartBytes - 1)]
    [InlineData(PartBytes)]
    [InlineData(PartBytes + 1)]
    [InlineData((2 * PartBytes) + 12345)]
    public async Task A_blob_comes_back_byte_for_byte_with_its_size_and_hash(int size)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        var id = Guid.CreateVersion7();
        var content = await PutAsync(id, bytes);
        content.ShouldBe(new BlobContent(size, Convert.ToHexStringLower(SHA256.HashData(bytes))));
        (await Store.FindSizeAsync(id, CancellationToken)).ShouldBe(size);
        (await ReadAsync(id, 0, size)).ShouldBe(bytes);
    }

    [Fact]
    public async Task Any_range_can_be_opened()
    {
        var bytes = RandomNumberGenerator.GetBytes(PartBytes + 1000);
        var id = Guid.CreateVersion7();
        await PutAsync(id, bytes);
        foreach (var (offset, length) in new[] { (0, 1), (999, 5000), (PartBytes - 10, 20), (bytes.Length - 1, 1), (0, bytes.Length) })
            (await ReadAsync(id, offset, length)).ShouldBe(bytes[offset..(offset + length)]);
    }

    [Fact]
    public async Task Small_writes_join_to_one_blob()
    {
        var bytes = RandomNumberGenerator.GetBytes(100_000);
        var id = Guid.CreateVersion7();
        await Store.PutAsync(id, long.MaxValue, async (stream, token) =>
        {
            for (var at = 0; at < bytes.Length; at += 997)
                await stream.WriteAsync(bytes.AsMemory(at, Math.Min(997, bytes.Length - at)), token);
        }, CancellationToken);
        (await ReadAsync(id, 0, bytes.Length)).ShouldBe(bytes);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(PartBytes + 10)]
    public async Task A_write_that_fails_leaves_nothing_and_passes_its_exception_on(int writtenBefore)
    {
        var id = Guid.CreateVersion7();
        var problem = await Should.ThrowAsync<InvalidDataException>(() => Store.PutAsync(id, long.MaxValue, async (stream, token) =>
        {
            await stream.WriteAsync(new byte[writtenBefore], token);
            throw new InvalidDataException("the source broke");
        }, CancellationToken));
        problem.Message.ShouldBe("the source broke");
        await ShouldBeGoneAsync(id);
    }

    [Fact]
    public async Task A_write_beyond_its_limit_leaves_nothing()
    {
        var id = Guid.CreateVersion7();
        var problem = await Should.ThrowAsync<BlobTooLargeException>(() => Store.PutAsync(
            id, 1000, async (stream, token) => await stream.WriteAsync(new byte[1001], token), CancellationToken));
        problem.Message.ShouldContain("1000");
        await ShouldBeGoneAsync(id);
        (await Store.PutAsync(id, 1000, async (stream, token) => await stream.WriteAsync(new byte[1000], token), CancellationToken)).Size.ShouldBe(1000);
    }

    [Fact]
    public async Task A_write_that_is_cancelled_leaves_nothing()
    {
        var id = Guid.CreateVersion7();
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        await Should.ThrowAsync<OperationCanceledException>(() => Store.PutAsync(id, long.MaxValue, async (stream, token) =>
        {
            await stream.WriteAsync(new byte[PartBytes + 10], token);
            await cancellation.CancelAsync();
            token.ThrowIfCancellationRequested();
        }, cancellation.Token));
        await ShouldBeGoneAsync(id);
    }

    [Fact]
    public async Task An_absent_blob_is_null_and_deleting_it_is_no_error()
    {
        var id = Guid.CreateVersion7();
        await ShouldBeGoneAsync(id);
        await Store.DeleteAsync(id, CancellationToken);
    }

    [Fact]
    public async Task A_deleted_blob_is_gone()
    {
        var id = Guid.CreateVersion7();
        await PutAsync(id, [1, 2, 3]);
        await Store.DeleteAsync(id, CancellationToken);
        await ShouldBeGoneAsync(id);
    }

    [Fact]
    public async Task A_reader_that_has_opened_a_blob_reads_it_to_the_end_although_it_is_deleted()
    {
        var bytes = RandomNumberGenerator.GetBytes(3 * 1024 * 1024);
        var id = Guid.CreateVersion7();
        await PutAsync(id, bytes);
        await using var stream = (await Store.OpenAsync(id, 0, bytes.Length, CancellationToken))!;
        var head = new byte[1024];
        await stream.ReadExactlyAsync(head, CancellationToken);
        await Store.DeleteAsync(id, CancellationToken);
        using var rest = new MemoryStream();
        await stream.CopyToAsync(rest, CancellationToken);
        rest.ToArray().ShouldBe(bytes[1024..]);
    }

    [Fact]
    public async Task A_list_holds_every_blob_with_the_time_of_its_writing()
    {
        var ids = Enumerable.Range(0, 5).Select(_ => Guid.CreateVersion7()).ToList();
        foreach (var id in ids)
            await PutAsync(id, [1]);
        var listed = new Dictionary<Guid, DateTimeOffset>();
        await foreach (var blob in Store.ListAsync(CancellationToken))
            listed[blob.Id] = blob.WrittenAt;
        foreach (var id in ids)
            (TimeProvider.System.GetUtcNow() - listed[id]).Duration().ShouldBeLessThan(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task What_a_killed_writer_left_is_removed_when_it_is_old()
    {
        await Store.RemoveUnfinishedAsync(TimeProvider.System.GetUtcNow().AddDays(-1), CancellationToken);
        var id = Guid.CreateVersion7();
        await Store.PutAsync(id, long.MaxValue, async (stream, token) =>
        {
            await stream.WriteAsync(new byte[(2 * PartBytes) + 1], token);
            // Not old: the writer that is still at work keeps what it has.
            await Store.RemoveUnfinishedAsync(TimeProvider.System.GetUtcNow().AddDays(-1), token);
        }, CancellationToken);
        (await Store.FindSizeAsync(id, CancellationToken)).ShouldBe((2 * PartBytes) + 1);
    }

    [Fact]
    public async Task A_healthy_store_answers_its_check()
    {
        await Store.CheckAsync(CancellationToken);
        (await Store.ReadIdentityAsync(CancellationToken)).ShouldNotBeNull().ShouldNotBe(Guid.Empty);
    }

    private Task<BlobContent> PutAsync(Guid id, byte[] bytes) =>
        Store.PutAsync(id, long.MaxValue, async (stream, token) => await stream.WriteAsync(bytes, token), CancellationToken);

    private async Task<byte[]> ReadAsync(Guid id, int offset, int length)
    {
        await using var stream = (await Store.OpenAsync(id, offset, length, CancellationToken)).ShouldNotBeNull();
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory, CancellationToken);
        return memory.ToArray();
    }

    private async Task ShouldBeGoneAsync(Guid id)
    {
        (await Store.FindSizeAsync(id, CancellationToken)).ShouldBeNull();
        (await Store.OpenAsync(id, 0, 1, CancellationToken)).ShouldBeNull();
    }
}
