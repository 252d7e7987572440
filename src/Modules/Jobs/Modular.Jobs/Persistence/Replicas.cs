using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>A replica as operators see it.</summary>
internal sealed record ReplicaView(string Name, string Version, DateTimeOffset StartedAt, DateTimeOffset LastSeenAt, int Capacity, int Active, bool Draining);

/// <summary>What the claims of one replica stand on, and what the others take over when its lease is over. All times are the database's.</summary>
internal sealed class Replicas(NpgsqlDataSource database)
{
    // What is asked beside the update sees the rows as they were before it.
    private const string DeclareDead =
        """
        WITH declared AS (UPDATE jobs.replica SET dead = true WHERE $1 AND NOT dead AND expires_at < now() RETURNING name)
        SELECT ARRAY(SELECT name FROM declared), EXISTS (SELECT FROM jobs.replica WHERE dead),
               (SELECT extract(epoch FROM min(expires_at) - now())::float8 FROM jobs.replica WHERE NOT dead AND expires_at > now())
        """;

    // A row that vanished (an operator's hand) counts as dead too.
    private static readonly string Orphans =
        $"""
         SELECT s.data::text, e.lease, e.attempt, e.max_attempts, e.started_at, e.start_seq, e.attempts::text, coalesce(r.name, 'unknown'), now()
         FROM jobs.entry e
         JOIN jobs.mt_doc_submission s ON s.id = e.id
         LEFT JOIN jobs.replica r ON r.id = e.worker
         WHERE e.state = {Sql.Running} AND (r.id IS NULL OR r.dead)
         LIMIT $1
         """;

    private static readonly string Held =
        $"SELECT id, lease FROM jobs.entry WHERE worker = $1 AND state = {Sql.Running}";

    private static readonly string Forget =
        $"DELETE FROM jobs.replica r WHERE r.dead AND r.last_seen_at < now() - interval '1 hour' AND NOT EXISTS (SELECT FROM jobs.entry e WHERE e.worker = r.id AND e.state = {Sql.Running})";

    /// <summary>Ends the lease of a replica that holds nothing any more.</summary>
    public async Task UnregisterAsync(int replica, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("DELETE FROM jobs.replica WHERE id = $1", Sql.Value(replica));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Declares replicas dead whose lease is over, unless leases are not to be trusted now.</summary>
    /// <returns>Their names; whether any replica is dead, these included; how long until the next lease is over that is not renewed (null: there is none).</returns>
    public async Task<(IReadOnlyList<string> Declared, bool Any, TimeSpan? NextExpiry)> DeclareDeadAsync(bool trustsLeases, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(DeclareDead, Sql.Value(trustsLeases));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var declared = reader.GetFieldValue<string[]>(0);
        return (declared, declared.Length > 0 || reader.GetBoolean(1), reader.ReadNullable<double>(2) is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
    }

    /// <summary>Jobs whose worker is dead, with that worker's name and the database's time.</summary>
    public async Task<IReadOnlyList<(ClaimedJob Job, string Worker, DateTimeOffset Now)>> FindOrphansAsync(int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Orphans, Sql.Value(limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var orphans = new List<(ClaimedJob, string, DateTimeOffset)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var job = new ClaimedJob(
                reader.ReadJson<Submission>(0)!,
                reader.GetInt64(1),
                reader.GetInt16(2),
                reader.GetInt16(3),
                reader.GetFieldValue<DateTimeOffset>(4),
                reader.GetInt32(5),
                reader.ReadJson<JobAttempt[]>(6) ?? []);
            orphans.Add((job, reader.GetString(7), reader.GetFieldValue<DateTimeOffset>(8)));
        }

        return orphans;
    }

    /// <summary>What the database says that the replica holds: (job, lease).</summary>
    public async Task<IReadOnlyList<(Guid Id, long Lease)>> FindHeldAsync(int replica, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Held, Sql.Value(replica));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var held = new List<(Guid, long)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            held.Add((reader.GetGuid(0), reader.GetInt64(1)));
        }

        return held;
    }

    /// <summary>Replicas that are alive.</summary>
    public async Task<IReadOnlyList<ReplicaView>> ListAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT name, version, started_at, last_seen_at, capacity, active, draining FROM jobs.replica WHERE NOT dead AND expires_at > now() ORDER BY id");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var replicas = new List<ReplicaView>();
        while (await reader.ReadAsync(cancellationToken))
        {
            replicas.Add(new ReplicaView(
                reader.GetString(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset>(3), reader.GetInt32(4), reader.GetInt32(5), reader.GetBoolean(6)));
        }

        return replicas;
    }

    /// <summary>Drops rows of replicas that have been dead for an hour and hold nothing.</summary>
    public async Task ForgetDeadAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Forget);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
