using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Modular.Storage.Persistence;

/// <summary>
/// Serialises the writers of a key until their transaction ends. A row lock cannot: of two writers that create a key, neither finds a row. Two keys with
/// the same hash only wait for each other needlessly.
/// </summary>
internal static class KeyLocks
{
    // "objs" in ASCII: keeps these apart from every other advisory lock of the two-number kind.
    private const int Space = 0x6f626a73;

    public static async Task LockKeysAsync(this NpgsqlTransaction transaction, IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        // In one order for everybody: two batches that share keys must not wait for each other crosswise.
        int[] locks = [.. keys.Select(Hash).Distinct().Order()];
        await using var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock($1, key) FROM unnest($2) AS key", transaction.Connection, transaction)
        {
            Parameters = { new() { Value = Space }, new() { Value = locks } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static int Hash(string key) => BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
