using System.Data.Common;
using System.Text.Json;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Contracts;
using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>What one attempt has to say since it was last written: log lines, and the latest progress.</summary>
/// <param name="Job">The attempt.</param>
/// <param name="Lines">Lines in order.</param>
/// <param name="Progress">Null: unchanged.</param>
internal sealed record AttemptEvents(ClaimedJob Job, IReadOnlyList<LogWritten> Lines, JobProgress? Progress);

/// <summary>What a running attempt writes before it ends; each write is fenced by (id, lease).</summary>
internal sealed class AttemptWrites(NpgsqlDataSource database, SignalSender signals)
{
    /// <summary>Artifacts listed per job.</summary>
    public const int MaxArtifacts = 100;

    /// <summary>Log lines kept per job.</summary>
    public const int MaxLogLines = 10_000;

    // Lines and progress take their numbers while the entry is locked. Beyond the cap one line says so, and later ones are dropped.
    private static readonly string Append =
        $"""
         WITH said AS (
           SELECT n.id, n.lease, n.lines, n.progress, n.message FROM unnest($1::uuid[], $2::bigint[], $3::jsonb[], $4::real[], $5::text[]) AS n(id, lease, lines, progress, message)
         ), held AS (
           SELECT e.id, e.event_seq, e.log_lines, n.lines, n.progress, n.message,
                  least(jsonb_array_length(n.lines), greatest(0, {MaxLogLines} + 1 - e.log_lines)) AS kept
           FROM jobs.entry e JOIN said n ON e.id = n.id AND e.lease = n.lease AND coalesce(e.worker, 0) <> 0
           FOR UPDATE OF e
         ), moved AS (
           UPDATE jobs.entry e
           SET event_seq = h.event_seq + h.kept + (h.progress IS NOT NULL)::int, log_lines = h.log_lines + h.kept,
               progress = coalesce(h.progress, e.progress), progress_message = CASE WHEN h.progress IS NULL THEN e.progress_message ELSE h.message END
           FROM held h WHERE e.id = h.id
         ), told AS (
           INSERT INTO jobs.event (job_id, seq, kind, at, data)
           SELECT h.id, h.event_seq + l.n::int, {(short)JobEventKind.Log}, (l.line ->> 'at')::timestamptz,
                  CASE WHEN h.log_lines + l.n > {MaxLogLines} THEN l.line || jsonb_build_object('level', 'warning', 'message', 'truncated') ELSE l.line END
           FROM held h CROSS JOIN LATERAL jsonb_array_elements(h.lines) WITH ORDINALITY AS l(line, n) WHERE l.n <= h.kept
           UNION ALL
           SELECT h.id, h.event_seq + h.kept + 1, {(short)JobEventKind.Progress}, now(), jsonb_build_object('percent', h.progress, 'message', h.message, 'at', now())
           FROM held h WHERE h.progress IS NOT NULL
         )
         SELECT id FROM held
         """;

    private const string SaveCheckpoint =
        """
         INSERT INTO jobs.checkpoint (job_id, data)
         SELECT e.id, $3 FROM jobs.entry e WHERE e.id = $1 AND e.lease = $2 AND coalesce(e.worker, 0) <> 0 FOR SHARE
         ON CONFLICT (job_id) DO UPDATE SET data = excluded.data, saved_at = now()
         """;

    // FOR SHARE holds off a rescue until the publishing transaction ends: the lease cannot be lost between this question and the switch.
    private const string Fence =
        "SELECT FROM jobs.entry WHERE id = $1 AND lease = $2 AND worker IS NOT NULL FOR SHARE";

    private static readonly string KeepArtifact =
        $"""
        INSERT INTO jobs.artifact (job_id, name, key, size, content_type, sha256)
        SELECT $1, $2, $3, $4, $5, $6
        WHERE (SELECT count(*) FROM jobs.artifact WHERE job_id = $1) < {MaxArtifacts} OR EXISTS (SELECT FROM jobs.artifact WHERE job_id = $1 AND name = $2)
        ON CONFLICT (job_id, name) DO UPDATE SET key = excluded.key, size = excluded.size, content_type = excluded.content_type, sha256 = excluded.sha256
        """;

    /// <returns>The jobs whose lease still held.</returns>
    public async Task<IReadOnlySet<Guid>> AppendAsync(IReadOnlyList<AttemptEvents> events, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            Append,
            Sql.Value(events.Select(item => item.Job.Id).ToArray()),
            Sql.Value(events.Select(item => item.Job.Lease).ToArray()),
            Sql.JsonArray([.. events.Select(item => JsonSerializer.Serialize(item.Lines, Json.Options))]),
            new NpgsqlParameter { Value = events.Select(item => (float?)item.Progress?.Percent).ToArray(), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Real },
            new NpgsqlParameter { Value = events.Select(item => item.Progress?.Message).ToArray(), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Text });
        var held = new HashSet<Guid>();
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                held.Add(reader.GetGuid(0));
            }
        }

        signals.Changed([.. held]);
        return held;
    }

    /// <exception cref="LeaseLostException">Nothing was saved.</exception>
    public async Task SaveCheckpointAsync(ClaimedJob job, string json, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(SaveCheckpoint, Sql.Value(job.Id), Sql.Value(job.Lease), Sql.JsonValue(json));
        if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            throw new LeaseLostException();
        }
    }

    public async Task<string?> LoadCheckpointAsync(Guid job, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT data::text FROM jobs.checkpoint WHERE job_id = $1", Sql.Value(job));
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Inside the transaction that publishes an object: asks the fence and lists the object among the job's artifacts.</summary>
    /// <returns>False: the list is full, and the object is not in it.</returns>
    /// <exception cref="LeaseLostException">The transaction must roll back.</exception>
    public static async Task<bool> RecordArtifactAsync(DbTransaction transaction, ClaimedJob job, string name, ArtifactRef artifact, CancellationToken cancellationToken)
    {
        var connection = (NpgsqlConnection)transaction.Connection!;
        await using (var fence = new NpgsqlCommand(Fence, connection) { Parameters = { Sql.Value(job.Id), Sql.Value(job.Lease) } })
        await using (var reader = await fence.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
            {
                throw new LeaseLostException();
            }
        }

        await using var keep = new NpgsqlCommand(KeepArtifact, connection)
        {
            Parameters =
            {
                Sql.Value(job.Id), Sql.Value(name), Sql.Value(artifact.Key), Sql.Value(artifact.Size), Sql.Value(artifact.ContentType), Sql.Value(artifact.Sha256),
            },
        };
        return await keep.ExecuteNonQueryAsync(cancellationToken) > 0;
    }
}
