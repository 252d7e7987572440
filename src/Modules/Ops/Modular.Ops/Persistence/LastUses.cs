using Npgsql;

namespace Modular.Ops.Persistence;

/// <summary>Reads when keys were last used.</summary>
internal sealed class LastUses(NpgsqlDataSource database)
{
    public async Task<IReadOnlyDictionary<Guid, DateTimeOffset>> OfAsync(Guid[] keys, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT key_id, last_used_at FROM ops.api_key_use WHERE key_id = ANY ($1)");
        command.Parameters.Add(new NpgsqlParameter { Value = keys });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var uses = new Dictionary<Guid, DateTimeOffset>();
        while (await reader.ReadAsync(cancellationToken))
        {
            uses[reader.GetGuid(0)] = reader.GetFieldValue<DateTimeOffset>(1);
        }

        return uses;
    }
}
