using System.Text.Json;
using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>How one attempt ended, to be written under its lease.</summary>
/// <param name="Job">The job as it was claimed.</param>
/// <param name="Trigger">Succeeded, AttemptFailed, Exhausted, GivenBack or Stopped.</param>
/// <param name="Attempt">The attempt's record; null when it was given back and does not count.</param>
internal sealed record Completion(ClaimedJob Job, JobTrigger Trigger, JobAttempt? Attempt)
{
    public JsonElement? Result { get; init; }

    public JobProgress? Progress { get; init; }

    /// <summary>For AttemptFailed: how long the job waits.</summary>
    public TimeSpan RetryDelay { get; init; }
}

/// <summary>
/// Writes how attempts ended, many at once. Each statement matches (id, lease) of an entry that is held: the attempt of a worker that was declared
/// dead matches nothing and changes nothing. Held is asked in a way that the planner cannot estimate: statistics mostly see no entry held, and a
/// plan that expects none takes them for the way in and compares every held entry with every outcome (measured: 400 ms instead of 8 for 500).
/// </summary>
internal sealed class CompleteJobs(NpgsqlDataSource database, SignalSender signals)
{
    // The entry's row lock orders this against cancel, log and progress writes; deleting it is what makes the outcome the only one.
    private const string Finish =
        """
        WITH done AS (
          DELETE FROM jobs.entry e USING unnest($1::uuid[], $2::bigint[], $3::smallint[], $4::jsonb[]) AS c(id, lease, state, data)
          WHERE e.id = c.id AND e.lease = c.lease AND coalesce(e.worker, 0) <> 0
          RETURNING e.id, e.seq, e.event_seq, e.cancel_requested_at, c.state, c.data
        ), outcome AS (
          INSERT INTO jobs.mt_doc_outcome (id, data, seq, state, finished_at)
          SELECT id, data || jsonb_build_object('seq', seq, 'endSeq', event_seq + 2, 'finishedAt', now(), 'cancelRequestedAt', cancel_requested_at), seq, state, now() FROM done
        )
        SELECT id FROM done
        """;

    private static readonly string Reschedule =
        $"""
         UPDATE jobs.entry e
         SET state = {Sql.Next(JobState.Running, JobTrigger.AttemptFailed)}, run_at = now() + make_interval(secs => c.delay), worker = NULL, started_at = NULL,
             event_seq = e.event_seq + 1, progress = NULL, progress_message = NULL,
             attempts = coalesce(e.attempts, '[]') || (c.attempt || jsonb_build_object('rescheduledSeq', e.event_seq + 1))
         FROM unnest($1::uuid[], $2::bigint[], $3::float8[], $4::jsonb[]) AS c(id, lease, delay, attempt)
         WHERE e.id = c.id AND e.lease = c.lease AND coalesce(e.worker, 0) <> 0
         RETURNING e.id
         """;

    // The attempt leaves no record, so its running event, derived until now, is stored before the queued one.
    private static readonly string GiveBack =
        $"""
         WITH held AS (
           SELECT e.id, e.start_seq, e.started_at, e.attempt, e.event_seq, r.name AS worker
           FROM jobs.entry e JOIN unnest($1::uuid[], $2::bigint[]) AS c(id, lease) ON e.id = c.id AND e.lease = c.lease AND coalesce(e.worker, 0) <> 0
           LEFT JOIN jobs.replica r ON r.id = e.worker
           FOR UPDATE OF e
         ), back AS (
           UPDATE jobs.entry e
           SET state = {Sql.Next(JobState.Running, JobTrigger.GivenBack)}, attempt = e.attempt - 1, worker = NULL, started_at = NULL,
               event_seq = e.event_seq + 1, progress = NULL, progress_message = NULL
           FROM held WHERE e.id = held.id
         ), told AS (
           INSERT INTO jobs.event (job_id, seq, kind, at, data)
           SELECT id, start_seq, {(short)JobEventKind.State}, started_at, jsonb_build_object('state', 'running', 'attempt', attempt, 'worker', worker, 'error', NULL, 'at', started_at) FROM held
           UNION ALL
           SELECT id, event_seq + 1, {(short)JobEventKind.State}, now(), jsonb_build_object('state', 'queued', 'attempt', attempt - 1, 'worker', NULL, 'error', NULL, 'at', now()) FROM held
         )
         SELECT id FROM held
         """;

    /// <summary>Applies all of <paramref name="completions"/> in one transaction.</summary>
    /// <returns>The jobs whose lease still held; the others were taken over and nothing of theirs was written.</returns>
    public async Task<IReadOnlySet<Guid>> ApplyAsync(IReadOnlyList<Completion> completions, CancellationToken cancellationToken)
    {
        // In the order of their ids, as cancellations lock them: two statements that meet wait for one another in one direction only.
        completions = [.. completions.OrderBy(item => item.Job.Id)];
        var finals = completions.Where(item => JobTransitions.Target(JobState.Running, item.Trigger).IsFinal()).ToArray();
        var retries = completions.Where(item => item.Trigger == JobTrigger.AttemptFailed).ToArray();
        var returned = completions.Where(item => item.Trigger == JobTrigger.GivenBack).ToArray();

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Sql.PlanOnce() } };
        if (finals.Length > 0)
        {
            batch.BatchCommands.Add(Sql.Command(
                Finish,
                Ids(finals),
                Leases(finals),
                Sql.Value(finals.Select(item => (short)JobTransitions.Target(JobState.Running, item.Trigger)).ToArray()),
                Sql.Documents(finals.Select(OutcomeOf))));
        }

        if (retries.Length > 0)
        {
            batch.BatchCommands.Add(Sql.Command(
                Reschedule,
                Ids(retries),
                Leases(retries),
                Sql.Value(retries.Select(item => item.RetryDelay.TotalSeconds).ToArray()),
                Sql.Documents(retries.Select(item => item.Attempt))));
        }

        if (returned.Length > 0)
        {
            batch.BatchCommands.Add(Sql.Command(GiveBack, Ids(returned), Leases(returned)));
        }

        // A job that goes on although its cancellation was asked meanwhile: it must not wait out a backoff, let alone run again.
        if (retries.Length + returned.Length > 0)
        {
            batch.BatchCommands.Add(Sql.Command(WaitingJobs.CancelAsked, Ids([.. retries, .. returned])));
        }

        var applied = new HashSet<Guid>(completions.Count);
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.NextResultAsync(cancellationToken))
            {
                while (await reader.ReadAsync(cancellationToken))
                {
                    applied.Add(reader.GetGuid(0));
                }
            }
        }

        signals.Changed([.. completions.Select(item => item.Job.Id)]);
        signals.Freed(completions.Select(item => item.Job.Submission.Queue));
        if (retries.Length > 0)
        {
            signals.Scheduled(retries.Min(item => item.RetryDelay));
        }

        if (returned.Length > 0)
        {
            signals.Ready();
        }

        return applied;
    }

    private static NpgsqlParameter Ids(Completion[] items) => Sql.Value(items.Select(item => item.Job.Id).ToArray());

    private static NpgsqlParameter Leases(Completion[] items) => Sql.Value(items.Select(item => item.Job.Lease).ToArray());

    private static Outcome OutcomeOf(Completion item)
    {
        var job = item.Job;
        return new Outcome
        {
            Id = job.Id,
            State = JobTransitions.Target(JobState.Running, item.Trigger),
            Result = item.Result,
            Error = item.Trigger == JobTrigger.Exhausted ? item.Attempt?.Error : null,
            Attempt = job.Attempt,
            MaxAttempts = job.MaxAttempts,
            Attempts = item.Attempt is { } last ? [.. job.Attempts, last] : job.Attempts,
            Progress = item.Progress,
            StartedAt = job.StartedAt,
            Lease = job.Lease,
        };
    }
}
