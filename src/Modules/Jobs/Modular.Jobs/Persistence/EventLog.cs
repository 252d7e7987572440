using System.Text.Json;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>Reads a job's events: those stored, merged with those that its record tells.</summary>
internal sealed class EventLog(NpgsqlDataSource database, JobReader jobs)
{
    private const int PageSize = 1000;

    private const string Stored =
        """
        SELECT e.job_id, e.seq, e.kind, e.data FROM unnest($1::uuid[], $2::int[]) AS w(job, after)
        CROSS JOIN LATERAL (SELECT * FROM jobs.event WHERE job_id = w.job AND seq > w.after ORDER BY seq LIMIT $3) e
        """;

    private static readonly string LogLines =
        $"SELECT seq, at, data ->> 'level', data ->> 'message' FROM jobs.event WHERE job_id = $1 AND kind = {(short)JobEventKind.Log} AND seq > $2 ORDER BY seq LIMIT $3";

    /// <summary>
    /// For each job, the events that follow the given number without a gap. Records and rows are two snapshots, and a transaction may commit between
    /// them: what stands behind a number that is not there yet waits for the next read. So each number is seen once, in order, by everyone.
    /// </summary>
    /// <returns>The jobs that are (still) known.</returns>
    public async Task<IReadOnlyDictionary<Guid, JobTail>> ReadAsync(IReadOnlyDictionary<Guid, int> afters, CancellationToken cancellationToken)
    {
        var records = await jobs.FindManyAsync([.. afters.Keys], cancellationToken);
        var known = records.ToDictionary(
            job => job.Submission.Id,
            job => new SortedDictionary<int, JobEvent>(JobHistory.Events(job).Where(item => item.Seq > afters[job.Submission.Id]).ToDictionary(item => item.Seq)));

        await using var command = database.CreateCommand(Stored, Sql.Value(afters.Keys.ToArray()), Sql.Value(afters.Values.ToArray()), Sql.Value(PageSize));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (known.TryGetValue(reader.GetGuid(0), out var events))
            {
                var (seq, kind) = (reader.GetInt32(1), (JobEventKind)reader.GetInt16(2));
                events.TryAdd(seq, new JobEvent(seq, kind, Read(kind, reader.GetString(3))));
            }
        }

        return records.ToDictionary(job => job.Submission.Id, job => new JobTail(job, [.. WithoutGap(known[job.Submission.Id].Values, afters[job.Submission.Id])]));
    }

    private static IEnumerable<JobEvent> WithoutGap(IEnumerable<JobEvent> events, int after) => events.TakeWhile(item => item.Seq == ++after);

    // Through the records, so that a stored event looks to the letter like a derived one.
    private static object Read(JobEventKind kind, string data) => kind switch
    {
        JobEventKind.State => Read<StateChanged>(data),
        JobEventKind.Progress => Read<ProgressMade>(data),
        JobEventKind.Log => Read<LogWritten>(data),
        _ => Read<Ended>(data),
    };

    private static T Read<T>(string data) => JsonSerializer.Deserialize<T>(data, Json.Stored)!;

    /// <summary>Log lines after <paramref name="after"/>, in order.</summary>
    public async Task<IReadOnlyList<LogLine>> ReadLinesAsync(Guid id, int after, int limit, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(LogLines, Sql.Value(id), Sql.Value(after), Sql.Value(limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var lines = new List<LogLine>();
        while (await reader.ReadAsync(cancellationToken))
        {
            lines.Add(new LogLine(reader.GetInt32(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetString(2), reader.GetString(3)));
        }

        return lines;
    }
}

/// <summary>What a reader of a job's stream has not seen yet.</summary>
/// <param name="Job">The job.</param>
/// <param name="Events">In order, without a gap.</param>
internal sealed record JobTail(JobRecord Job, IReadOnlyList<JobEvent> Events)
{
    /// <summary>The same for a reader that has seen more.</summary>
    public JobTail After(int seq) => Events is [var first, ..] && first.Seq <= seq ? this with { Events = [.. Events.Where(item => item.Seq > seq)] } : this;
}

/// <summary>One line of a job's log.</summary>
/// <param name="Seq">The line's number in the job's event sequence.</param>
/// <param name="Time">When the handler wrote it.</param>
/// <param name="Level">debug, info, warning, error.</param>
/// <param name="Message">The text.</param>
internal sealed record LogLine(int Seq, DateTimeOffset Time, string Level, string Message);
