using Marten;
using Modular.Storage.Domain;
using Npgsql;

namespace Modular.Storage.Persistence;

/// <summary>What the sweeper asks and does; "now" is the database's.</summary>
internal sealed class SweepRows(NpgsqlDataSource database, IDocumentStore documents)
{
    /// <summary>Takes away some of the objects whose time is over.</summary>
    /// <returns>The blobs that nothing names any more.</returns>
    public Task<IReadOnlyList<Guid>> DeleteExpiredObjectsAsync(int limit, CancellationToken cancellationToken) =>
        DeleteExpiredAsync(StorageSchema.Objects, limit, cancellationToken);

    /// <summary>Takes away some of the uploads whose time is over, completed ones included.</summary>
    /// <returns>The blobs that nothing names any more; an upload without bytes counts as none.</returns>
    public Task<IReadOnlyList<Guid>> DeleteExpiredUploadsAsync(int limit, CancellationToken cancellationToken) =>
        DeleteExpiredAsync(StorageSchema.Uploads, limit, cancellationToken);

    /// <summary>Claims the next full sweep for this replica; a replica that dies in the middle of one leaves the rest to the next.</summary>
    public async Task<bool> ClaimFullSweepAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "UPDATE storage.store_identity SET swept_at = now() WHERE swept_at IS NULL OR swept_at <= now() - $1 RETURNING true");
        command.Parameters.Add(new() { Value = interval });
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>Those of the blobs that no object and no upload names.</summary>
    public async Task<IReadOnlyList<Guid>> FindUnnamedAsync(IReadOnlyList<Guid> blobIds, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
             SELECT listed.id FROM unnest($1) AS listed (id)
             WHERE NOT EXISTS (SELECT FROM {StorageSchema.Objects} stored WHERE stored.blob_id = listed.id)
               AND NOT EXISTS (SELECT FROM {StorageSchema.Uploads} upload WHERE upload.blob_id = listed.id)
             """);
        command.Parameters.Add(new() { Value = blobIds.ToArray() });
        return await ReadIdsAsync(command, cancellationToken);
    }

    /// <summary>The next objects by key, expired ones included.</summary>
    public async Task<IReadOnlyList<StoredObject>> ReadObjectsAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        await using var session = documents.QuerySession();
        return await session.QueryAsync<StoredObject>("""where id collate "C" > ? order by id collate "C" limit ?""", cancellationToken, after ?? "", limit);
    }

    /// <summary>The object under the key, expired or not, still points at the blob.</summary>
    public async Task<bool> IsNamedAsync(string key, Guid blobId, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"SELECT EXISTS (SELECT FROM {StorageSchema.Objects} WHERE id = $1 AND blob_id = $2)");
        command.Parameters.Add(new() { Value = key });
        command.Parameters.Add(new() { Value = blobId });
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task<IReadOnlyList<Guid>> DeleteExpiredAsync(string table, int limit, CancellationToken cancellationToken)
    {
        // Rows that someone works on are left for the next round.
        await using var command = database.CreateCommand(
            $"""
             WITH expired AS (SELECT id FROM {table} WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
             DELETE FROM {table} doomed USING expired WHERE doomed.id = expired.id RETURNING doomed.blob_id
             """);
        command.Parameters.Add(new() { Value = limit });
        return await ReadIdsAsync(command, cancellationToken);
    }

    private static async Task<IReadOnlyList<Guid>> ReadIdsAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var ids = new List<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (!await reader.IsDBNullAsync(0, cancellationToken))
            {
                ids.Add(reader.GetGuid(0));
            }
        }

        return ids;
    }
}
