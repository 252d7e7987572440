using System.Data.Common;
using Marten;
using Marten.Services;
using Modular.BuildingBlocks.Http;
using Modular.Storage.Domain;
using Npgsql;

namespace Modular.Storage.Persistence;

/// <summary>Announced uploads; what several requests may do to one at once is decided with its row locked.</summary>
internal sealed class UploadRows(NpgsqlDataSource database, IDocumentStore documents)
{
    /// <exception cref="Refusal">404: there is no such upload, or its time is over by the database's clock.</exception>
    public async Task<Upload> GetAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var session = documents.QuerySession();
        return await GetAsync(session, id, "", cancellationToken);
    }

    /// <summary>Remembers that the bytes have arrived, unless the upload was completed meanwhile.</summary>
    /// <returns>The blob that an earlier attempt left, which nothing names any more.</returns>
    public async Task<Guid?> AttachAsync(Guid id, Guid blobId, string sha256, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var session = documents.LightweightSession(SessionOptions.ForTransaction(transaction));
        var upload = await GetAsync(session, id, "for update", cancellationToken);
        if (upload.Completed is not null)
        {
            throw Refusal.Conflict("The upload is complete; begin another one to replace the object.");
        }

        session.Store(upload with { BlobId = blobId, ReceivedSha256 = sha256 });
        await session.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return upload.BlobId;
    }

    /// <summary>Closes the upload in the transaction that publishes its object.</summary>
    /// <exception cref="Refusal">409: other bytes arrived, or someone completed it, since <paramref name="seen"/> was read.</exception>
    public async Task CompleteAsync(DbTransaction transaction, Upload seen, ObjectView published, CancellationToken cancellationToken)
    {
        await using var session = documents.LightweightSession(SessionOptions.ForTransaction((NpgsqlTransaction)transaction));
        var upload = await GetAsync(session, seen.Id, "for update", cancellationToken);
        if (upload.BlobId != seen.BlobId || upload.Completed is not null)
        {
            throw Refusal.Conflict("The upload changed while it was completed; ask again.");
        }

        session.Store(upload with { BlobId = null, Completed = published });
        await session.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Forgets an upload.</summary>
    /// <returns>Whether there was one, and the blob that nothing names any more.</returns>
    public async Task<(bool Existed, Guid? BlobId)> RemoveAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand($"DELETE FROM {StorageSchema.Uploads} WHERE id = $1 RETURNING blob_id");
        command.Parameters.Add(new() { Value = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? (true, await reader.IsDBNullAsync(0, cancellationToken) ? null : reader.GetGuid(0))
            : (false, null);
    }

    private static async Task<Upload> GetAsync(IQuerySession session, Guid id, string locking, CancellationToken cancellationToken)
    {
        var found = await session.QueryAsync<Upload>($"where id = ? and expires_at > now() {locking}", cancellationToken, id);
        return found.SingleOrDefault() ?? throw Refusal.NotFound("There is no such upload, or its time is over; begin a new one with POST /api/v1/objects/uploads.");
    }
}
