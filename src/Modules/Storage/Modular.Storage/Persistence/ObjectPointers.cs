using System.Data.Common;
using Marten;
using Marten.Services;
using Modular.BuildingBlocks.Http;
using Modular.Storage.Domain;
using Npgsql;

namespace Modular.Storage.Persistence;

/// <summary>
/// Switches keys to new bytes, or away from any: the preconditions, the switch and whatever else must be true at that moment are decided in one transaction
/// that holds the keys' locks, so that of two writers with the same precondition exactly one wins.
/// </summary>
internal sealed class ObjectPointers(NpgsqlDataSource database, IDocumentStore documents)
{
    /// <summary>The object under a key, unless it has expired by the database's clock.</summary>
    public async Task<StoredObject?> FindAsync(string key, CancellationToken cancellationToken)
    {
        await using var session = documents.QuerySession();
        return await FindAsync(session, key, cancellationToken);
    }

    /// <summary>Asks the conditions of a key without locking it: a refusal now is final, a pass is not.</summary>
    /// <exception cref="Refusal">412: a condition does not hold.</exception>
    public async Task RequireAsync(string key, WriteConditions conditions, CancellationToken cancellationToken)
    {
        if (conditions != WriteConditions.None)
        {
            Require(conditions, await FindAsync(key, cancellationToken), key);
        }
    }

    /// <summary>Points every key at its new blob, all or none.</summary>
    /// <param name="publication">What to publish; it learns whether the commit was sent.</param>
    /// <param name="conditions">What must hold of each key.</param>
    /// <param name="beforeCommit">Runs in the transaction after the switch; throwing takes the switch back.</param>
    /// <param name="cancellationToken">Ends it before the commit is sent, never after.</param>
    /// <exception cref="Refusal">412: a condition does not hold.</exception>
    public async Task<IReadOnlyList<PublishedObject>> PublishAsync(
        Publication publication,
        WriteConditions conditions,
        Func<DbTransaction, IReadOnlyList<StoredObject>, CancellationToken, Task>? beforeCommit,
        CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await transaction.LockKeysAsync(publication.Objects.Select(added => added.Key), cancellationToken);
        var now = await DatabaseClock.ReadAsync(transaction, cancellationToken);
        await using var session = documents.LightweightSession(SessionOptions.ForTransaction(transaction));
        var published = new List<PublishedObject>(publication.Objects.Count);
        var before = await session.LoadManyAsync<StoredObject>(cancellationToken, publication.Objects.Select(added => added.Key).ToArray());
        var current = before.ToDictionary(stored => stored.Key, StringComparer.Ordinal);
        foreach (var added in publication.Objects)
        {
            var replaced = current.GetValueOrDefault(added.Key);
            var live = replaced is { ExpiresAt: { } expiry } && expiry <= now ? null : replaced;
            Require(conditions, live, added.Key);
            var stored = new StoredObject
            {
                Key = added.Key,
                BlobId = added.BlobId,
                Size = added.Content.Size,
                Sha256 = added.Content.Sha256,
                ContentType = added.ContentType,
                CreatedAt = now,
                ExpiresAt = now + added.ExpiresIn,
                JobId = added.JobId,
            };
            session.Store(stored);
            published.Add(new PublishedObject(stored, live is null, replaced?.BlobId));
        }

        await session.SaveChangesAsync(cancellationToken);
        if (beforeCommit is not null)
        {
            await beforeCommit(transaction, [.. published.Select(one => one.Object)], cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        publication.IsCommitSent = true;
        await transaction.CommitAsync(CancellationToken.None);
        return published;
    }

    /// <summary>Takes a key away.</summary>
    /// <returns>The blob that nothing names any more, or null when there was no such key.</returns>
    /// <exception cref="Refusal">412: a condition does not hold.</exception>
    public async Task<Guid?> DeleteAsync(string key, WriteConditions conditions, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await transaction.LockKeysAsync([key], cancellationToken);
        await using var session = documents.LightweightSession(SessionOptions.ForTransaction(transaction));
        var live = await FindAsync(session, key, cancellationToken);
        Require(conditions, live, key);
        await using var command = new NpgsqlCommand($"DELETE FROM {StorageSchema.Objects} WHERE id = $1 RETURNING blob_id", connection, transaction)
        {
            Parameters = { new() { Value = key } },
        };
        var blob = (Guid?)await command.ExecuteScalarAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return blob;
    }

    /// <summary>Takes away what these jobs own, in batches; a key that a user has written since is the user's.</summary>
    /// <returns>The blobs that nothing names any more.</returns>
    public async Task<IReadOnlyList<Guid>> DeleteOwnedAsync(IReadOnlyList<Guid> jobIds, CancellationToken cancellationToken)
    {
        // Rows are locked in one order, since two replicas may remove overlapping sets.
        await using var command = database.CreateCommand(
            $"""
             WITH owned AS (
                 SELECT id FROM {StorageSchema.Objects}
                 WHERE job_id = ANY($1) AND starts_with(id, 'jobs/' || job_id::text || '/')
                 ORDER BY id FOR UPDATE)
             DELETE FROM {StorageSchema.Objects} stored USING owned WHERE stored.id = owned.id RETURNING stored.blob_id
             """);
        command.Parameters.Add(new() { Value = jobIds.ToArray() });
        var blobs = new List<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            blobs.Add(reader.GetGuid(0));
        }

        return blobs;
    }

    private static async Task<StoredObject?> FindAsync(IQuerySession session, string key, CancellationToken cancellationToken)
    {
        var found = await session.QueryAsync<StoredObject>("where id = ? and (expires_at is null or expires_at > now())", cancellationToken, key);
        return found.SingleOrDefault();
    }

    private static void Require(WriteConditions conditions, StoredObject? live, string key)
    {
        if (!conditions.Hold(live?.ETag))
        {
            throw Refusal.PreconditionFailed(
                live is null ? $"There is no object \"{key}\", but If-Match asks for one; leave the header out to create it."
                : conditions.IfNoneMatch is { IsAny: true } ? $"The object \"{key}\" exists already; leave out If-None-Match to replace it."
                : $"The object \"{key}\" is another one than the condition asks for; read it again (its ETag is {live.ETag}) and decide anew.");
        }
    }
}

/// <summary>New bytes that are safe in the store, and the key that they are for.</summary>
internal sealed record NewObject(string Key, Guid BlobId, Blobs.BlobContent Content, string ContentType, TimeSpan? ExpiresIn, Guid? JobId);

/// <summary>What becomes visible together.</summary>
internal sealed class Publication(IReadOnlyList<NewObject> objects)
{
    public IReadOnlyList<NewObject> Objects { get; } = objects;

    /// <summary>From here on the keys may point at the blobs whatever the client sees: a lost connection hides the answer, not the commit.</summary>
    public bool IsCommitSent { get; set; }
}

/// <summary>What became of one key.</summary>
/// <param name="Object">The document now.</param>
/// <param name="IsNew">No live object had this key before.</param>
/// <param name="ReplacedBlob">The blob that the key pointed at before, expired or not.</param>
internal sealed record PublishedObject(StoredObject Object, bool IsNew, Guid? ReplacedBlob);
