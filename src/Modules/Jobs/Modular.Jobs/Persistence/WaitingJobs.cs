using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>What clients and the clock do to jobs that no worker holds, and what clients ask of those that one does.</summary>
internal sealed class WaitingJobs(NpgsqlDataSource database, SignalSender signals)
{
    private static readonly string Promote =
        $"""
         WITH due AS (
           SELECT id FROM jobs.entry WHERE state = {Sql.Scheduled} AND run_at <= now() ORDER BY run_at LIMIT $1 FOR UPDATE SKIP LOCKED
         ), promoted AS (
           UPDATE jobs.entry e SET state = {Sql.Next(JobState.Scheduled, JobTrigger.Due)}, event_seq = e.event_seq + 1
           FROM due WHERE e.id = due.id
           RETURNING e.id, e.event_seq, e.attempt
         ), told AS (
           INSERT INTO jobs.event (job_id, seq, kind, at, data)
           SELECT id, event_seq, {(short)JobEventKind.State}, now(), jsonb_build_object('state', 'queued', 'attempt', attempt, 'worker', NULL, 'error', NULL, 'at', now()) FROM promoted
         )
         SELECT ARRAY(SELECT id FROM promoted),
                (SELECT extract(epoch FROM min(run_at) - now())::float8 FROM jobs.entry WHERE state = {Sql.Scheduled} AND id <> ALL (ARRAY(SELECT id FROM due)))
         """;

    // A waiting job ends here; its entry's lock decides between this and a claim. Attempts and lease live on in the outcome, for a retry.
    private static readonly string CancelWaiting = CancelWhere("true");

    /// <summary>Cancels those of the jobs <c>$1</c> that wait although a client has cancelled them: their worker could not end them.</summary>
    internal static readonly string CancelAsked = CancelWhere("cancel_requested_at IS NOT NULL");

    private static string CancelWhere(string condition) =>
        $"""
         WITH done AS (
           DELETE FROM jobs.entry WHERE id = ANY ($1::uuid[]) AND state IN ({Sql.Scheduled}, {Sql.Queued}) AND {condition}
           RETURNING id, seq, event_seq, attempt, max_attempts, attempts, lease, coalesce(cancel_requested_at, now()) AS asked_at
         ), outcome AS (
           INSERT INTO jobs.mt_doc_outcome (id, data, seq, state, finished_at)
           SELECT id,
                  jsonb_build_object('id', id, 'seq', seq, 'state', 'cancelled', 'attempt', attempt, 'maxAttempts', max_attempts, 'attempts', coalesce(attempts, '[]'),
                    'lease', lease, 'endSeq', event_seq + 2, 'finishedAt', now(), 'cancelRequestedAt', asked_at),
                  seq, {Sql.Next(JobState.Queued, JobTrigger.Cancelled)}, now()
           FROM done
         )
         SELECT id FROM done
         """;

    private static readonly string CancelRunning =
        $"""
         UPDATE jobs.entry SET cancel_requested_at = coalesce(cancel_requested_at, now())
         WHERE id = ANY ($1::uuid[]) AND state = {Sql.Running}
         RETURNING id
         """;

    // The old end becomes stored events before its outcome goes: their numbers stay taken for ever. The lease goes on from where it was.
    private static readonly string Retry =
        $"""
         WITH old AS (
           DELETE FROM jobs.mt_doc_outcome WHERE id = ANY ($1::uuid[]) AND state IN ({(short)JobState.Failed}, {(short)JobState.Cancelled})
           RETURNING id, data, (data ->> 'endSeq')::int AS end_seq, finished_at
         ), entry AS (
           INSERT INTO jobs.entry (id, type, seq, created_at, queue, priority, state, attempt, max_attempts, lease, event_seq, attempts, log_lines)
           SELECT s.id, s.type, s.seq, s.created_at, s.queue, (s.data ->> 'priority')::smallint, {Sql.Next(JobState.Failed, JobTrigger.Retried)}, (o.data ->> 'attempt')::smallint,
                  (o.data ->> 'attempt')::smallint + (s.data ->> 'maxAttempts')::smallint, (o.data ->> 'lease')::bigint, o.end_seq + 1, nullif(o.data -> 'attempts', '[]'),
                  (SELECT count(*) FROM jobs.event l WHERE l.job_id = s.id AND l.kind = {(short)JobEventKind.Log})
           FROM old o JOIN jobs.mt_doc_submission s ON s.id = o.id
         ), told AS (
           INSERT INTO jobs.event (job_id, seq, kind, at, data)
           SELECT id, end_seq - 1, {(short)JobEventKind.State}, finished_at, jsonb_build_object('state', data -> 'state', 'attempt', data -> 'attempt', 'worker', data -> 'attempts' -> -1 -> 'worker', 'error', data -> 'error', 'at', finished_at) FROM old
           UNION ALL
           SELECT id, end_seq, {(short)JobEventKind.End}, finished_at, jsonb_build_object('state', data -> 'state', 'result', NULL, 'error', data -> 'error', 'at', finished_at) FROM old
           UNION ALL
           SELECT id, end_seq + 1, {(short)JobEventKind.State}, now(), jsonb_build_object('state', 'queued', 'attempt', data -> 'attempt', 'worker', NULL, 'error', NULL, 'at', now()) FROM old
         )
         SELECT id FROM old
         """;

    private const string Delete =
        """
        WITH gone AS (DELETE FROM jobs.mt_doc_outcome WHERE id = ANY ($1::uuid[]) RETURNING id),
        submission AS (DELETE FROM jobs.mt_doc_submission s USING gone WHERE s.id = gone.id),
        event AS (DELETE FROM jobs.event e USING gone WHERE e.job_id = gone.id),
        checkpoint AS (DELETE FROM jobs.checkpoint c USING gone WHERE c.job_id = gone.id),
        artifact AS (DELETE FROM jobs.artifact a USING gone WHERE a.job_id = gone.id)
        SELECT id FROM gone
        """;

    /// <summary>Moves jobs whose time has come to their queues.</summary>
    /// <returns>How many were moved, and how long until the next one is due (null: none waits).</returns>
    public async Task<(int Promoted, TimeSpan? NextDue)> PromoteAsync(int limit, CancellationToken cancellationToken)
    {
        Guid[] promoted;
        TimeSpan? next;
        await using (var command = database.CreateCommand(Promote, Sql.Value(limit)))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            promoted = reader.GetFieldValue<Guid[]>(0);
            next = reader.ReadNullable<double>(1) is { } seconds ? TimeSpan.FromSeconds(Math.Max(0, seconds)) : null;
        }

        Tell(promoted, wakes: true);
        return (promoted.Length, next);
    }

    /// <summary>Cancels those of <paramref name="jobs"/> that wait, and asks the workers of those that run.</summary>
    public async Task<(IReadOnlyList<Guid> Cancelled, IReadOnlyList<Guid> Asked)> CancelAsync(IReadOnlyList<Guid> jobs, CancellationToken cancellationToken)
    {
        // Waiting first: a job claimed between the two statements is caught by the second. One given back between them is caught by the next round.
        var (cancelled, asked) = (new List<Guid>(), new List<Guid>());
        for (var round = 0; round < 2 && jobs.Count > 0; round++)
        {
            cancelled.AddRange(await RunAsync(CancelWaiting, Sql.Value(jobs.ToArray()), wakes: false, cancellationToken));
            asked.AddRange(await RunAsync(CancelRunning, Sql.Value(jobs.ToArray()), wakes: false, cancellationToken));
            jobs = [.. jobs.Except(cancelled).Except(asked)];
        }

        if (asked.Count > 0)
        {
            await NotifyAsync(Signals.NotifyCancel(asked), cancellationToken);
        }

        return (cancelled, asked);
    }

    /// <summary>Gives those of <paramref name="jobs"/> that failed or were cancelled another set of attempts.</summary>
    public Task<IReadOnlyList<Guid>> RetryAsync(IReadOnlyList<Guid> jobs, CancellationToken cancellationToken) =>
        RunAsync(Retry, Sql.Value(jobs.ToArray()), wakes: true, cancellationToken);

    /// <summary>Deletes those of <paramref name="jobs"/> that have ended, with their events, logs and checkpoints. Their objects are the caller's to delete.</summary>
    public Task<IReadOnlyList<Guid>> DeleteAsync(IReadOnlyList<Guid> jobs, CancellationToken cancellationToken) =>
        RunAsync(Delete, Sql.Value(jobs.ToArray()), wakes: false, cancellationToken);

    private async Task<IReadOnlyList<Guid>> RunAsync(string sql, NpgsqlParameter parameter, bool wakes, CancellationToken cancellationToken)
    {
        var changed = new List<Guid>();
        await using (var command = database.CreateCommand(sql, parameter))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                changed.Add(reader.GetGuid(0));
            }
        }

        Tell(changed, wakes);
        return changed;
    }

    private void Tell(IReadOnlyList<Guid> changed, bool wakes)
    {
        if (changed.Count == 0)
        {
            return;
        }

        signals.Changed(changed);
        if (wakes)
        {
            signals.Ready();
        }
    }

    private async Task NotifyAsync(IEnumerable<NpgsqlBatchCommand> commands, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        foreach (var command in commands)
        {
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
