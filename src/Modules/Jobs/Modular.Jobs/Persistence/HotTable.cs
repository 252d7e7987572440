using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>
/// Keeps the one hot table small. Every job leaves two dead rows in it, and the claim walks over those at the head of its index until a vacuum removes
/// them. Autovacuum looks once a minute by default (<c>autovacuum_naptime</c>) and works with pauses: at 16,000 jobs a second millions of rows are dead by then.
/// </summary>
internal sealed class HotTable(NpgsqlDataSource database)
{
    // Dead rows worth a scan of the indexes, which costs as much as there are living ones. Only the owner may vacuum, and two at once help nobody.
    private const string NeedsVacuum =
        """
        SELECT EXISTS (
          SELECT FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
          WHERE s.relid = 'jobs.entry'::regclass AND s.n_dead_tup > 10000 + 0.1 * s.n_live_tup AND pg_has_role(c.relowner, 'USAGE')
            AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum v WHERE v.relid = s.relid))
        """;

    // Without pauses (a vacuum by hand has no cost delay), without the lock that giving pages back to the system takes, and never waiting for another one.
    private const string Vacuum = "VACUUM (SKIP_LOCKED, INDEX_CLEANUP ON, TRUNCATE OFF, PARALLEL 0) jobs.entry";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    /// <summary>Whether enough rows are dead, and nobody is at it already.</summary>
    public async Task<bool> NeedsVacuumAsync(CancellationToken cancellationToken)
    {
        await using var look = database.CreateCommand(NeedsVacuum);
        return (bool)(await look.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task VacuumAsync(CancellationToken cancellationToken)
    {
        await using var vacuum = database.CreateCommand(Vacuum);
        vacuum.CommandTimeout = (int)Longest.TotalSeconds;
        await vacuum.ExecuteNonQueryAsync(cancellationToken);
    }
}
