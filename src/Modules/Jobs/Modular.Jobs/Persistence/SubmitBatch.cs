using Modular.BuildingBlocks.Http;
using Modular.Jobs.Domain;
using Npgsql;
using NpgsqlTypes;

namespace Modular.Jobs.Persistence;

/// <summary>A submission on its way in: the document, and when it shall run.</summary>
/// <param name="Document">Seq, CreatedAt and RunAt come from the database.</param>
/// <param name="RunAt">Absolute time; null: at once, or after the delay.</param>
/// <param name="DelaySeconds">From the commit on, by the database's clock.</param>
internal sealed record NewJob(Submission Document, DateTimeOffset? RunAt, int? DelaySeconds);

/// <summary>One call: its jobs, all or nothing, with an idempotency key or without.</summary>
internal sealed record SubmissionCall(IReadOnlyList<NewJob> Jobs, IdempotencyKey? Key);

/// <param name="Owner">The API key's id.</param>
/// <param name="Key">The client's text.</param>
/// <param name="BodyHash">SHA-256 of the call's content.</param>
internal sealed record IdempotencyKey(string Owner, string Key, byte[] BodyHash);

/// <summary>What became of a call: its own documents, or the ids of the jobs that an earlier call with the same key made, or a refusal of the key.</summary>
internal sealed record SubmissionResult(IReadOnlyList<Submission> Created, IReadOnlyList<Guid>? Earlier, bool KeyMismatch);

/// <summary>
/// Idle workers that a submission may take at once: its jobs are then born running, and one commit does what a submission and a claim need two for.
/// </summary>
/// <param name="Replica">Whose lease the jobs are under.</param>
/// <param name="Slots">How many workers are idle.</param>
/// <param name="Queues">Which queues they serve; empty: all.</param>
internal sealed record IdleWorkers(int Replica, int Slots, IReadOnlyList<string> Queues)
{
    public bool Serve(string queue) => Queues.Count == 0 || Queues.Contains(queue, StringComparer.Ordinal);
}

/// <summary>Writes several calls in one transaction (group commit): one fsync for all, and each call gets its own answer.</summary>
internal sealed class SubmitBatch(NpgsqlDataSource database, SignalSender signals)
{
    private const int MaxQueues = 1000;

    private static readonly string Insert = InsertWith(
        startable: "",
        starts: "false");

    // The conditions of a claim: a live lease, a queue that is neither paused nor limited, and nobody waiting in it who would be overtaken.
    private static readonly string InsertStarting = InsertWith(
        startable:
        $"""
         startable AS MATERIALIZED (
           SELECT q.name FROM jobs.queue q
           WHERE q.name = ANY ($3) AND NOT q.paused AND q.concurrency IS NULL
             AND EXISTS (SELECT FROM jobs.replica r WHERE r.id = $10 AND r.expires_at > now())
             AND (SELECT true FROM jobs.entry e WHERE e.queue = q.name AND e.state = {Sql.Queued} ORDER BY e.priority DESC, e.seq LIMIT 1) IS NULL
         ),
         """,
        starts: "j.start AND EXISTS (SELECT FROM startable WHERE name = j.queue)");

    private static string InsertWith(string startable, string starts) =>
        $"""
         WITH {startable} input AS (
           SELECT j.*, nextval('jobs.job_seq') AS seq, now() AS created_at, {starts} AS starts,
                  CASE WHEN j.run_at > now() THEN j.run_at WHEN j.delay > 0 THEN now() + make_interval(secs => j.delay) END AS due
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::timestamptz[], $7::int[], $8::jsonb[], $9::boolean[])
                AS j(id, type, queue, priority, max_attempts, run_at, delay, data, start)
         ), document AS (
           INSERT INTO jobs.mt_doc_submission (id, data, seq, type, queue, created_at)
           SELECT id, data || jsonb_build_object('seq', seq, 'createdAt', created_at, 'runAt', due), seq, type, queue, created_at FROM input
         ), entry AS (
           INSERT INTO jobs.entry (id, type, seq, created_at, queue, priority, max_attempts, run_at, state, attempt, lease, worker, started_at, event_seq, start_seq)
           SELECT id, type, seq, created_at, queue, priority, max_attempts, due,
                  CASE WHEN starts THEN {Sql.Next(JobState.Queued, JobTrigger.Claimed)} WHEN due IS NULL THEN {(short)JobTransitions.Initial(later: false)} ELSE {(short)JobTransitions.Initial(later: true)} END,
                  starts::int, starts::int, CASE WHEN starts THEN $10 END, CASE WHEN starts THEN created_at END, 1 + starts::int, 2 * starts::int
           FROM input
         )
         SELECT id, seq, created_at, due, starts FROM input
         """;

    // A twin in another replica's open transaction holds the unique index entry: this waits for it, which is what its client was promised.
    // The update changes nothing; it locks an earlier row, so that its expiry cannot remove it meanwhile, and returns it.
    private const string ClaimKeys =
        """
        INSERT INTO jobs.idempotency (owner, key, body_hash, job_ids)
        SELECT k.owner, k.key, k.hash, k.ids::uuid[] FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[]) AS k(owner, key, hash, ids)
        ON CONFLICT (owner, key) DO UPDATE SET key = excluded.key
        RETURNING owner, key, body_hash, job_ids
        """;

    // Every claim looks into every queue, and queues stay for ever.
    private static readonly string KeepQueues =
        $"INSERT INTO jobs.queue (name) SELECT n FROM unnest($1::text[]) AS n WHERE (SELECT count(*) FROM jobs.queue) + cardinality($1) <= {MaxQueues} ON CONFLICT DO NOTHING";

    // A statement of its own: what another replica has inserted at the same moment is visible only now.
    private const string MissingQueue = "SELECT n FROM unnest($1::text[]) AS n WHERE NOT EXISTS (SELECT FROM jobs.queue WHERE name = n) LIMIT 1";

    // Rows that exist for ever: asking once per name and process is enough.
    private readonly HashSet<string> _knownQueues = new(StringComparer.Ordinal);

    /// <summary>Writes all of <paramref name="calls"/>; when this returns, they are durable.</summary>
    /// <param name="calls">The group.</param>
    /// <param name="idle">Who may start its jobs at once; null: nobody.</param>
    /// <param name="cancellationToken">Ends the wait, perhaps after the commit.</param>
    /// <returns>Each call's answer, and the jobs that <paramref name="idle"/> holds now.</returns>
    public async Task<(IReadOnlyList<SubmissionResult> Results, IReadOnlyList<ClaimedJob> Started)> WriteAsync(
        IReadOnlyList<SubmissionCall> calls, IdleWorkers? idle, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var results = new SubmissionResult?[calls.Count];
        Dictionary<Guid, Submission> created;
        var started = new List<ClaimedJob>();
        if (calls.Any(call => call.Key is not null))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await AnswerRepeatedAsync(connection, calls, results, cancellationToken);
            created = await InsertAsync(connection, [.. calls.Where((_, index) => results[index] is null).SelectMany(call => call.Jobs)], idle, started, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        else
        {
            // One round trip: a batch is a transaction of its own.
            created = await InsertAsync(connection, [.. calls.SelectMany(call => call.Jobs)], idle, started, cancellationToken);
        }

        // Known only now that it is committed: a queue that was rolled back and thought of as known would never be claimed from.
        _knownQueues.UnionWith(created.Values.Select(document => document.Queue));
        if (started.Count > 0)
        {
            signals.Changed(started.ConvertAll(job => job.Id));
        }

        var later = created.Values.Where(document => document.RunAt is not null).Select(document => document.RunAt!.Value - document.CreatedAt).ToArray();
        if (later.Length > 0)
        {
            signals.Scheduled(later.Min());
        }

        if (created.Count > started.Count + later.Length)
        {
            signals.Ready();
        }

        for (var index = 0; index < calls.Count; index++)
        {
            results[index] ??= new SubmissionResult([.. calls[index].Jobs.Select(job => created[job.Document.Id])], Earlier: null, KeyMismatch: false);
        }

        return (results!, started);
    }

    private static async Task AnswerRepeatedAsync(NpgsqlConnection connection, IReadOnlyList<SubmissionCall> calls, SubmissionResult?[] results, CancellationToken cancellationToken)
    {
        // The first call of a key in this batch speaks for it; ordered, so that two replicas' batches lock keys in the same order and cannot deadlock.
        var first = calls.Select((call, index) => (call, index)).Where(item => item.call.Key is not null)
            .DistinctBy(item => (item.call.Key!.Owner, item.call.Key.Key))
            .OrderBy(item => item.call.Key!.Owner, StringComparer.Ordinal).ThenBy(item => item.call.Key!.Key, StringComparer.Ordinal).ToArray();
        var kept = new Dictionary<(string, string), (byte[] BodyHash, Guid[] Jobs)>();
        await using (var claim = connection.CreateCommand(
            ClaimKeys,
            Sql.Value(first.Select(item => item.call.Key!.Owner).ToArray()),
            Sql.Value(first.Select(item => item.call.Key!.Key).ToArray()),
            Sql.Value(first.Select(item => item.call.Key!.BodyHash).ToArray()),
            Sql.Value(first.Select(item => "{" + string.Join(',', item.call.Jobs.Select(job => job.Document.Id)) + "}").ToArray())))
        {
            await using var reader = await claim.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                kept[(reader.GetString(0), reader.GetString(1))] = (reader.GetFieldValue<byte[]>(2), reader.GetFieldValue<Guid[]>(3));
            }
        }

        for (var index = 0; index < calls.Count; index++)
        {
            // With its own ids the key is this call's.
            if (calls[index].Key is { } key && kept[(key.Owner, key.Key)] is var (hash, jobs) && !jobs.SequenceEqual(calls[index].Jobs.Select(job => job.Document.Id)))
            {
                results[index] = hash.AsSpan().SequenceEqual(key.BodyHash)
                    ? new SubmissionResult([], jobs, KeyMismatch: false)
                    : new SubmissionResult([], Earlier: null, KeyMismatch: true);
            }
        }
    }

    private async Task<Dictionary<Guid, Submission>> InsertAsync(
        NpgsqlConnection connection, NewJob[] jobs, IdleWorkers? idle, List<ClaimedJob> started, CancellationToken cancellationToken)
    {
        if (jobs.Length == 0)
        {
            return [];
        }

        var newQueues = jobs.Select(job => job.Document.Queue).Where(queue => !_knownQueues.Contains(queue)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        if (newQueues.Length > 0)
        {
            await using var keep = new NpgsqlBatch(connection) { BatchCommands = { Sql.Command(KeepQueues, Sql.Value(newQueues)), Sql.Command(MissingQueue, Sql.Value(newQueues)) } };
            if (await keep.ExecuteScalarAsync(cancellationToken) is string refused)
            {
                throw Refusal.Invalid("queue", $"would make '{refused}' one queue more than the {MaxQueues} that there may be; use one that exists");
            }
        }

        // More jobs than workers: some would wait anyway, and the claim knows their order.
        var starts = idle is not null && jobs.Length <= idle.Slots;
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Sql.PlanOnce() } };
        batch.BatchCommands.Add(Sql.Command(
            starts ? InsertStarting : Insert,
            Sql.Value(jobs.Select(job => job.Document.Id).ToArray()),
            Sql.Value(jobs.Select(job => job.Document.Type).ToArray()),
            Sql.Value(jobs.Select(job => job.Document.Queue).ToArray()),
            Sql.Value(jobs.Select(job => (short)job.Document.Priority).ToArray()),
            Sql.Value(jobs.Select(job => (short)job.Document.MaxAttempts).ToArray()),
            new NpgsqlParameter { Value = jobs.Select(job => job.RunAt?.UtcDateTime).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz },
            new NpgsqlParameter { Value = jobs.Select(job => job.DelaySeconds).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer },
            Sql.Documents(jobs.Select(job => job.Document)),
            Sql.Value(jobs.Select(job => starts && job.RunAt is null && job.DelaySeconds is null && idle!.Serve(job.Document.Queue)).ToArray()),
            Sql.Value(idle?.Replica ?? 0)));

        var created = new Dictionary<Guid, Submission>(jobs.Length);
        var documents = jobs.ToDictionary(job => job.Document.Id, job => job.Document);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var id = reader.GetGuid(0);
            var document = documents[id] with
            {
                Seq = reader.GetInt64(1),
                CreatedAt = reader.GetFieldValue<DateTimeOffset>(2),
                RunAt = reader.ReadNullable<DateTimeOffset>(3),
            };
            created[id] = document;
            if (reader.GetBoolean(4))
            {
                started.Add(new ClaimedJob(document, Lease: 1, Attempt: 1, document.MaxAttempts, document.CreatedAt, StartSeq: 2, []));
            }
        }

        return created;
    }
}
