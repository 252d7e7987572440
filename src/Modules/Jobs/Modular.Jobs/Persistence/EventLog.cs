using System.Text.Json;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>Reads a job's events: those stored, merged with those that its record tells.</summary>
internal sealed class EventLog(NpgsqlDataSource database, JobReader jobs)
{
    private const int PageSize = 1000;

    private const string Stored = "SELECT seq, kind, data FROM jobs.event WHERE job_id = $1 AND seq > $2 ORDER BY seq LIMIT $3";

    private static readonly string LogLines =
        $"SELECT seq, at, data ->> 'level', data ->> 'message' FROM jobs.event WHERE job_id = $1 AND kind = {(short)JobEventKind.Log} AND seq > $2 ORDER BY seq LIMIT $3";

    /// <summary>
    /// The events that follow <paramref name="after"/> without a gap. Record and rows are two snapshots, and a transaction may commit between
    /// them: what stands behind a number that is not there yet waits for the next read. So each number is seen once, in order, by everyone.
    /// </summary>
    /// <returns>Null when the job is not known (any more).</returns>
    public async Task<(JobRecord Job, IReadOnlyList<JobEvent> Events)?> ReadAsync(Guid id, int after, CancellationToken cancellationToken)
    {
        if (await jobs.FindAsync(id, cancellationToken) is not { } job)
        {
            return null;
        }

        var known = new SortedDictionary<int, JobEvent>();
        foreach (var derived in JobHistory.Events(job).Where(item => item.Seq > after))
        {
            known[derived.Seq] = derived;
        }

        await using var command = database.CreateCommand(Stored, Sql.Value(id), Sql.Value(after), Sql.Value(PageSize));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var seq = reader.GetInt32(0);
            var kind = (JobEventKind)reader.GetInt16(1);
            known.TryAdd(seq, new JobEvent(seq, kind, Read(kind, reader.GetString(2))));
        }

        var next = after + 1;
        return (job, [.. known.Values.TakeWhile(item => item.Seq == next++)]);
    }

    // Through the records, so that a stored event looks to the letter like a derived one.
    private static object Read(JobEventKind kind, string data) => kind switch
    {
        JobEventKind.State => Read<StateChanged>(data),
        JobEventKind.Progress => Read<ProgressMade>(data),
        JobEventKind.Log => Read<LogWritten>(data),
        _ => Read<Ended>(data),
    };

    private static T Read<T>(string data) => JsonSerializer.Deserialize<T>(data, Json.Options)!;

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

/// <summary>One line of a job's log.</summary>
/// <param name="Seq">The line's number in the job's event sequence.</param>
/// <param name="Time">When the handler wrote it.</param>
/// <param name="Level">debug, info, warning, error.</param>
/// <param name="Message">The text.</param>
internal sealed record LogLine(int Seq, DateTimeOffset Time, string Level, string Message);
