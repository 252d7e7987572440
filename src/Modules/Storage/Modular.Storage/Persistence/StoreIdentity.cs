using Npgsql;

namespace Modular.Storage.Persistence;

/// <summary>Which blob store this database's objects are in.</summary>
internal sealed class StoreIdentity(NpgsqlDataSource database)
{
    public async Task<Guid?> FindAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT identity FROM storage.store_identity");
        return (Guid?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Keeps the id unless another replica was first.</summary>
    /// <returns>The id that is kept.</returns>
    public async Task<Guid> KeepAsync(Guid identity, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("INSERT INTO storage.store_identity (identity) VALUES ($1) ON CONFLICT (singleton) DO NOTHING");
        command.Parameters.Add(new() { Value = identity });
        await command.ExecuteNonQueryAsync(cancellationToken);
        return (await FindAsync(cancellationToken))!.Value;
    }

    /// <summary>Any document names a blob.</summary>
    public async Task<bool> HasBlobsAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"SELECT EXISTS (SELECT FROM {StorageSchema.Objects}) OR EXISTS (SELECT FROM {StorageSchema.Uploads} WHERE blob_id IS NOT NULL)");
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
