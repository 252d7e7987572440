using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>Finds what is past its time, by the database's clock.</summary>
internal sealed class Retention(NpgsqlDataSource database)
{
    // finished_at follows the order of insertion, so its BRIN index leads to the oldest pages.
    private static readonly string Expired =
        $"""
         SELECT coalesce(array_agg(id), ARRAY[]::uuid[]) FROM (
           SELECT id FROM jobs.mt_doc_outcome
           WHERE finished_at < now() - CASE WHEN state = {(short)JobState.Failed} THEN $2 ELSE $1 END AND finished_at < now() - least($1, $2)
           LIMIT $3) expired
         """;

    private const string OldKeys =
        "DELETE FROM jobs.idempotency WHERE (owner, key) IN (SELECT owner, key FROM jobs.idempotency WHERE created_at < now() - interval '24 hours' LIMIT $1)";

    private const string OldSamples = "DELETE FROM jobs.depth WHERE at < now() - interval '25 hours'";

    /// <summary>Some jobs that ended longer ago than they are kept.</summary>
    public async Task<IReadOnlyList<Guid>> FindExpiredAsync(TimeSpan keepSucceeded, TimeSpan keepFailed, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Expired, Sql.Value(keepSucceeded), Sql.Value(keepFailed), Sql.Value(limit));
        return (Guid[])(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Forgets idempotency keys after their 24 hours.</summary>
    /// <returns>How many; as many as <paramref name="limit"/> means that there are more.</returns>
    public async Task<int> ForgetKeysAsync(int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(OldKeys, Sql.Value(limit));
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Forgets the depth of queues beyond the day that charts show.</summary>
    public async Task ForgetSamplesAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(OldSamples);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
