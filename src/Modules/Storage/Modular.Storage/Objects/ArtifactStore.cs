using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Modular.Jobs.Contracts;
using Modular.Storage.Blobs;
using Modular.Storage.Domain;
using Modular.Storage.Persistence;

namespace Modular.Storage.Objects;

/// <summary>What jobs see of the objects: the same write path and the same documents as the routes.</summary>
internal sealed class ArtifactStore(ObjectWriter writer, ObjectPointers pointers, ListedKeys keys, IBlobStore blobs, ILogger<ArtifactStore> logger) : IArtifactStore
{
    private const int PageSize = 500;

    public async Task<ArtifactRef?> FindAsync(string key, CancellationToken cancellationToken) =>
        await pointers.FindAsync(key, cancellationToken) is { } stored ? ToRef(stored) : null;

    public async Task<Stream?> OpenAsync(string key, CancellationToken cancellationToken)
    {
        // Replaced between the two look-ups: its blob is gone, but the key leads to a newer one.
        for (var attempt = 1; ; attempt++)
        {
            if (await pointers.FindAsync(key, cancellationToken) is not { } stored)
            {
                return null;
            }

            if (await blobs.OpenAsync(stored.BlobId, 0, stored.Size, cancellationToken) is { } bytes)
            {
                return bytes;
            }

            if (attempt == 3)
            {
                throw new InvalidOperationException($"The bytes of \"{key}\" (blob {stored.BlobId}) are not in the store.");
            }
        }
    }

    public async IAsyncEnumerable<ArtifactRef> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (KeyRange.Check(prefix) is { } problem)
        {
            throw new ArgumentException($"The prefix {problem}.", nameof(prefix));
        }

        string? after = null;
        while (true)
        {
            var page = await keys.ReadAsync(prefix, after, isDelimited: false, PageSize, cancellationToken);
            foreach (var entry in page)
            {
                yield return ToRef(entry.Object!);
            }

            if (page.Count < PageSize)
            {
                yield break;
            }

            after = page[^1].Entry;
        }
    }

    public async Task<ArtifactRef> WriteAsync(
        string key,
        string contentType,
        Guid? jobId,
        Func<Stream, CancellationToken, Task> write,
        PublishFence fence,
        CancellationToken cancellationToken)
    {
        if (!ObjectKey.TryParse(key, out _, out var problem))
        {
            throw new ArgumentException($"The key {problem}.", nameof(key));
        }

        await using var pending = writer.Begin();
        await pending.WriteAsync(key, contentType, expiresIn: null, jobId, long.MaxValue, write, cancellationToken);
        var published = await pending.PublishAsync(
            WriteConditions.None,
            (transaction, stored, token) => fence(transaction, ToRef(stored[0]), token),
            cancellationToken);
        return ToRef(published[0].Object);
    }

    public async Task DeleteOwnedAsync(IReadOnlyList<Guid> jobIds, CancellationToken cancellationToken) =>
        await blobs.DiscardAsync(await pointers.DeleteOwnedAsync(jobIds, cancellationToken), logger);

    private static ArtifactRef ToRef(StoredObject stored) => new(stored.Key, stored.Size, stored.ContentType, stored.Sha256);
}
