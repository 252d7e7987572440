using System.Text.Json;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>A job that this replica holds: what its attempt needs, and the lease number that every write of it must match.</summary>
internal sealed record ClaimedJob(Submission Submission, long Lease, int Attempt, int MaxAttempts, DateTimeOffset StartedAt, int StartSeq, IReadOnlyList<JobAttempt> Attempts)
{
    public Guid Id => Submission.Id;
}

/// <summary>Takes jobs for a replica, in the order (priority desc, seq) across unpaused queues.</summary>
internal sealed class ClaimJobs(NpgsqlDataSource database, SignalSender signals)
{
    // Serialises the claims on limited queues, so that two replicas cannot both take the last free place. Without a limit it locks nothing.
    private const string LockLimited =
        "SELECT name FROM jobs.queue WHERE concurrency IS NOT NULL AND NOT paused ORDER BY name FOR NO KEY UPDATE";

    // Whether a queue has anything is asked for its first job, one look into the index each: EXISTS became a semi-join over the whole table, and LIMIT 1
    // without an order a walk over the dead rows at its start.
    // The locking scan is a CTE of its own and its places (ctid) come back as an array: the planner can then neither repeat it nor turn the update into a
    // join whose size it guesses wrong, and no index is searched a second time. Locked rows stay where they are. A queue's part of one claim is its share while other queues wait; who asks with an expired lease gets nothing.
    private static readonly string Claim =
        $"""
         WITH open AS MATERIALIZED (
           SELECT q.name, q.concurrency FROM jobs.queue q
           WHERE NOT q.paused AND ($2::text[] IS NULL OR q.name = ANY ($2))
             AND (SELECT true FROM jobs.entry e WHERE e.queue = q.name AND e.state = {Sql.Queued} ORDER BY e.priority DESC, e.seq LIMIT 1)
             AND EXISTS (SELECT FROM jobs.replica r WHERE r.id = $3 AND r.expires_at > now())
         ), part AS MATERIALIZED (
           SELECT o.name, least(
             ceil($1::numeric / greatest(1, (SELECT count(*) FROM open)))::int,
             CASE WHEN o.concurrency IS NULL THEN $1 ELSE greatest(0, o.concurrency - (SELECT count(*) FROM jobs.entry r WHERE r.queue = o.name AND r.state = {Sql.Running}))::int END) AS size
           FROM open o
         ), ready AS MATERIALIZED (
           SELECT c.ctid FROM part CROSS JOIN LATERAL (
             SELECT e.ctid, e.priority, e.seq FROM jobs.entry e
             WHERE e.queue = part.name AND e.state = {Sql.Queued} AND (e.type IS NULL OR e.type = ANY ($4))
             ORDER BY e.priority DESC, e.seq LIMIT part.size FOR UPDATE SKIP LOCKED) c
           ORDER BY c.priority DESC, c.seq LIMIT $1
         ), claimed AS (
           UPDATE jobs.entry e
           SET state = {Sql.Next(JobState.Queued, JobTrigger.Claimed)}, attempt = e.attempt + 1, lease = e.lease + 1, worker = $3,
               started_at = now(), event_seq = e.event_seq + 1, start_seq = e.event_seq + 1
           WHERE e.ctid = ANY (ARRAY(SELECT ctid FROM ready))
           RETURNING e.id, e.lease, e.attempt, e.max_attempts, e.started_at, e.start_seq, e.attempts, e.priority, e.seq
         )
         SELECT s.data, c.lease, c.attempt, c.max_attempts, c.started_at, c.start_seq, c.attempts
         FROM claimed c JOIN jobs.mt_doc_submission s ON s.id = c.id
         ORDER BY c.priority DESC, c.seq
         """;

    /// <summary>
    /// Up to <paramref name="count"/> jobs, all of them committed as held by <paramref name="replica"/> when this returns: a job handed out
    /// before its claim has committed could be completed into the void.
    /// </summary>
    /// <param name="replica">Under whose lease.</param>
    /// <param name="count">At most.</param>
    /// <param name="queues">From these; empty: from all.</param>
    /// <param name="types">The job types that the replica knows how to run.</param>
    /// <param name="cancellationToken">Ends the wait, perhaps after the commit.</param>
    public async Task<IReadOnlyList<ClaimedJob>> TakeAsync(int replica, int count, IReadOnlyList<string> queues, string[] types, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Sql.PlanOnce());
        batch.BatchCommands.Add(Sql.Command(LockLimited));
        batch.BatchCommands.Add(Sql.Command(
            Claim,
            Sql.Value(count),
            new NpgsqlParameter { Value = queues.Count == 0 ? DBNull.Value : queues.ToArray(), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Text },
            Sql.Value(replica),
            Sql.Value(types)));
        var jobs = new List<ClaimedJob>(count);
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            await reader.NextResultAsync(cancellationToken);
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                jobs.Add(new ClaimedJob(
                    JsonSerializer.Deserialize<Submission>(reader.GetFieldValue<byte[]>(0), Json.Stored)!,
                    reader.GetInt64(1),
                    reader.GetInt16(2),
                    reader.GetInt16(3),
                    reader.GetFieldValue<DateTimeOffset>(4),
                    reader.GetInt32(5),
                    reader.ReadJson<JobAttempt[]>(6) ?? []));
            }
        }

        if (jobs.Count > 0)
        {
            signals.Changed(jobs.ConvertAll(job => job.Id));
        }

        return jobs;
    }
}
