using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Ops.Authentication;
using Npgsql;

namespace Modular.Ops.Persistence;

/// <summary>Writes down when keys were last used, some seconds later and in one statement.</summary>
internal sealed class KeyUseWriter(KeyUses uses, NpgsqlDataSource database, TimeProvider time, ILogger<KeyUseWriter> logger) : Duty(time, logger)
{
    protected override TimeSpan Interval => TimeSpan.FromSeconds(5);

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        var unwritten = uses.Unwritten();
        if (unwritten.Length == 0)
        {
            return false;
        }

        // In one order: replicas that write the same keys would otherwise wait for each other's rows.
        // Beside the key's document, not in it: a whole document written here could bring back a key that was revoked meanwhile.
        await using var command = database.CreateCommand(
            """
            INSERT INTO ops.api_key_use AS known (key_id, last_used_at)
            SELECT * FROM unnest($1, $2) AS used (key_id, used_at) ORDER BY key_id
            ON CONFLICT (key_id) DO UPDATE SET last_used_at = greatest(known.last_used_at, excluded.last_used_at)
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = unwritten.Select(use => use.Key).ToArray() });
        command.Parameters.Add(new NpgsqlParameter { Value = unwritten.Select(use => use.Value.UtcDateTime).ToArray() });
        await command.ExecuteNonQueryAsync(cancellationToken);
        uses.Written(unwritten);
        return false;
    }
}
