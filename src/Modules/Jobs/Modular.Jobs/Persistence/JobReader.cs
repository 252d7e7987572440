using System.Globalization;
using System.Text.Json;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Contracts;
using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>Reads job records: submission, hot state or outcome, artifacts, in one statement and so of one moment.</summary>
internal sealed class JobReader(NpgsqlDataSource database) : IJobArtifacts
{
    private const string Columns =
        """
        s.data, o.data,
        e.state, e.attempt, e.max_attempts, e.run_at, r.name, e.started_at, e.cancel_requested_at, e.progress, e.progress_message, e.attempts, e.event_seq, e.start_seq,
        (SELECT jsonb_agg(jsonb_build_object('name', a.name, 'key', a.key, 'size', a.size, 'contentType', a.content_type, 'sha256', a.sha256) ORDER BY a.name)
         FROM jobs.artifact a WHERE a.job_id = s.id)
        """;

    private const string Joins =
        """
        LEFT JOIN jobs.mt_doc_outcome o ON o.id = s.id
        LEFT JOIN jobs.entry e ON e.id = s.id
        LEFT JOIN jobs.replica r ON r.id = e.worker
        """;

    private const string ById = $"SELECT {Columns} FROM jobs.mt_doc_submission s {Joins} WHERE s.id = ANY ($1::uuid[])";

    public async Task<JobRecord?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        (await FindManyAsync([id], cancellationToken)).FirstOrDefault();

    /// <summary>Those of <paramref name="ids"/> that are known, in no order.</summary>
    public async Task<IReadOnlyList<JobRecord>> FindManyAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(ById, Sql.Value(ids));
        return await ReadAllAsync(command, cancellationToken);
    }

    /// <summary>Jobs that match, newest first, before <paramref name="before"/>.</summary>
    public async Task<IReadOnlyList<JobRecord>> ListAsync(JobFilter filter, long? before, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        var where = filter.Where(command.Parameters);
        if (before is { } seq)
        {
            where += $" AND s.seq < {Bind(command.Parameters, Sql.Value(seq))}";
        }

        // The page is chosen by narrow columns first; only its rows are joined and read whole.
        command.CommandText =
            $"""
             SELECT {Columns} FROM (SELECT s.id, s.seq FROM {filter.Source} WHERE {where} ORDER BY s.seq DESC LIMIT {limit.ToString(CultureInfo.InvariantCulture)}) page
             JOIN jobs.mt_doc_submission s ON s.id = page.id {Joins}
             ORDER BY page.seq DESC
             """;
        return await ReadAllAsync(command, cancellationToken);
    }

    /// <summary>Ids of jobs that match, oldest first, at most <paramref name="limit"/>, after <paramref name="after"/> and up to <paramref name="last"/>.</summary>
    public async Task<IReadOnlyList<(Guid Id, long Seq)>> ListIdsAsync(JobFilter filter, long after, long last, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        var where = filter.Where(command.Parameters);
        command.CommandText =
            $"""
             SELECT s.id, s.seq FROM {filter.Source} WHERE {where} AND s.seq > {Bind(command.Parameters, Sql.Value(after))} AND s.seq <= {Bind(command.Parameters, Sql.Value(last))}
             ORDER BY s.seq LIMIT {limit.ToString(CultureInfo.InvariantCulture)}
             """;
        var ids = new List<(Guid, long)>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add((reader.GetGuid(0), reader.GetInt64(1)));
        }

        return ids;
    }

    /// <summary>How many match now, and the last of them.</summary>
    public async Task<(long Count, long LastSeq)> CountAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand();
        var where = filter.Where(command.Parameters);
        command.CommandText = $"SELECT count(*), coalesce(max(s.seq), 0) FROM {filter.Source} WHERE {where}";
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    /// <summary>The states of those of <paramref name="ids"/> that are known.</summary>
    public async Task<IReadOnlyList<ChangedJob>> FindStatesAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "SELECT i.id, coalesce(e.state, o.state) FROM unnest($1::uuid[]) AS i(id) LEFT JOIN jobs.entry e ON e.id = i.id LEFT JOIN jobs.mt_doc_outcome o ON o.id = i.id WHERE coalesce(e.state, o.state) IS NOT NULL",
            Sql.Value(ids));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var states = new List<ChangedJob>(ids.Length);
        while (await reader.ReadAsync(cancellationToken))
        {
            states.Add(new ChangedJob(reader.GetGuid(0), (JobState)reader.GetInt16(1)));
        }

        return states;
    }

    /// <summary>Those of <paramref name="jobs"/> that have ended.</summary>
    public async Task<IReadOnlyList<Guid>> FilterFinishedAsync(IReadOnlyList<Guid> jobs, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT coalesce(array_agg(id), '{}') FROM jobs.mt_doc_outcome WHERE id = ANY ($1::uuid[])", Sql.Value(jobs.ToArray()));
        return (Guid[])(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>How many queued jobs stand before this one in its queue, counted up to <paramref name="cap"/>.</summary>
    public async Task<int> CountAheadAsync(JobRecord job, int cap, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            $"""
             SELECT count(*)::int FROM (
               SELECT FROM jobs.entry WHERE queue = $1 AND state = {Sql.Queued} AND (priority > $2 OR (priority = $2 AND seq < $3)) LIMIT $4) ahead
             """,
            Sql.Value(job.Submission.Queue),
            Sql.Value((short)job.Submission.Priority),
            Sql.Value(job.Submission.Seq),
            Sql.Value(cap));
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task<string?> FindKeyAsync(Guid jobId, string name, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT key FROM jobs.artifact WHERE job_id = $1 AND name = $2", Sql.Value(jobId), Sql.Value(name));
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    internal static string Bind(NpgsqlParameterCollection parameters, NpgsqlParameter parameter)
    {
        parameters.Add(parameter);
        return "$" + parameters.Count.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task<IReadOnlyList<JobRecord>> ReadAllAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var jobs = new List<JobRecord>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            jobs.Add(Read(reader));
        }

        return jobs;
    }

    private static JobRecord Read(NpgsqlDataReader reader) => new(
        JsonSerializer.Deserialize<Submission>(reader.GetString(0), Json.Stored)!,
        reader.IsDBNull(2)
            ? null
            : new LiveState
            {
                State = (JobState)reader.GetInt16(2),
                Attempt = reader.GetInt16(3),
                MaxAttempts = reader.GetInt16(4),
                RunAt = reader.ReadNullable<DateTimeOffset>(5),
                Worker = reader.ReadText(6),
                StartedAt = reader.ReadNullable<DateTimeOffset>(7),
                CancelRequestedAt = reader.ReadNullable<DateTimeOffset>(8),
                // A real's shortest text, not its double expansion: 33.3 stays 33.3.
                Progress = reader.IsDBNull(9) ? null : new JobProgress(Math.Round(reader.GetFloat(9), 1), reader.ReadText(10)),
                Attempts = reader.ReadJson<JobAttempt[]>(11) ?? [],
                EventSeq = reader.GetInt32(12),
                StartSeq = reader.GetInt32(13),
            },
        reader.ReadJson<Outcome>(1),
        reader.ReadJson<JobArtifact[]>(14) ?? []);
}
