using Npgsql;

namespace Modular.Storage.Persistence;

/// <summary>The clock that every replica agrees on, in the milliseconds that documents and clients see.</summary>
internal sealed class DatabaseClock(NpgsqlDataSource database)
{
    private const string Sql = "SELECT date_trunc('milliseconds', clock_timestamp())";

    public async Task<DateTimeOffset> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Sql);
        return await ReadAsync(command, cancellationToken);
    }

    /// <summary>The time now, not when the transaction began: it may have waited for a lock since.</summary>
    public static async Task<DateTimeOffset> ReadAsync(NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, transaction.Connection, transaction);
        return await ReadAsync(command, cancellationToken);
    }

    private static async Task<DateTimeOffset> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetFieldValue<DateTimeOffset>(0);
    }
}
