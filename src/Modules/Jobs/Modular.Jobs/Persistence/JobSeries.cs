using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>One step of the charts.</summary>
/// <param name="At">Its beginning.</param>
/// <param name="Submitted">Jobs accepted.</param>
/// <param name="Succeeded">Jobs that ended well.</param>
/// <param name="Failed">Jobs that ended with an error.</param>
/// <param name="Cancelled">Jobs called off.</param>
/// <param name="WaitP50">Seconds from submission (or due time) to the last start, median of the jobs that ended here; null when none did.</param>
/// <param name="WaitP99">Its 99th percentile.</param>
/// <param name="RunP50">Seconds from the last start to the end, median.</param>
/// <param name="RunP99">Its 99th percentile.</param>
/// <param name="Queued">Jobs waiting, the largest sample of the step; null when none was taken.</param>
/// <param name="Running">Jobs running, likewise.</param>
internal sealed record StatsPoint(
    DateTimeOffset At, long Submitted, long Succeeded, long Failed, long Cancelled, double? WaitP50, double? WaitP99, double? RunP50, double? RunP99, long? Queued, long? Running);

/// <summary>Series over the last hours. Both documents have a BRIN index on their time, so only the window's pages are read.</summary>
internal sealed class JobSeries(NpgsqlDataSource database)
{
    private static readonly string Series =
        $"""
        WITH step AS (
          SELECT n, date_bin($2, now(), 'epoch') - ($1 - 1 - n) * $2 AS at FROM generate_series(0, $1 - 1) n
        ), span AS (SELECT min(at) AS since FROM step),
        submitted AS (
          SELECT date_bin($2, created_at, 'epoch') AS at, count(*) AS jobs FROM jobs.mt_doc_submission, span WHERE created_at >= since GROUP BY 1
        ), finished AS (
          SELECT date_bin($2, o.finished_at, 'epoch') AS at,
                 count(*) FILTER (WHERE o.state = {(short)JobState.Succeeded}) AS succeeded, count(*) FILTER (WHERE o.state = {(short)JobState.Failed}) AS failed, count(*) FILTER (WHERE o.state = {(short)JobState.Cancelled}) AS cancelled,
                 percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM t.started - coalesce((s.data ->> 'runAt')::timestamptz, s.created_at))) FILTER (WHERE t.started IS NOT NULL) AS wait,
                 percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM o.finished_at - t.started)) FILTER (WHERE t.started IS NOT NULL) AS run
          FROM span, jobs.mt_doc_outcome o
          JOIN jobs.mt_doc_submission s ON s.id = o.id
          CROSS JOIN LATERAL (SELECT (o.data ->> 'startedAt')::timestamptz AS started) t
          WHERE o.finished_at >= span.since
          GROUP BY 1
        ), depth AS (
          SELECT date_bin($2, d.at, 'epoch') AS at, max(d.queued) AS queued, max(d.running) AS running FROM jobs.depth d, span WHERE d.at >= since GROUP BY 1
        )
        SELECT step.at, coalesce(submitted.jobs, 0), coalesce(succeeded, 0), coalesce(failed, 0), coalesce(cancelled, 0), wait[1], wait[2], run[1], run[2], depth.queued, depth.running
        FROM step LEFT JOIN submitted USING (at) LEFT JOIN finished USING (at) LEFT JOIN depth USING (at)
        ORDER BY step.at
        """;

    // Every replica samples; the first one of each step keeps the row.
    private static readonly string Sample =
        $"""
         INSERT INTO jobs.depth (at, queued, running)
         SELECT date_bin(make_interval(secs => $1), now(), 'epoch'), count(*) FILTER (WHERE state = {Sql.Queued}), count(*) FILTER (WHERE state = {Sql.Running}) FROM jobs.entry
         ON CONFLICT (at) DO NOTHING
         """;

    public async Task<IReadOnlyList<StatsPoint>> ReadAsync(int points, TimeSpan step, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Series, Sql.Value(points), Sql.Value(step));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var series = new List<StatsPoint>(points);
        while (await reader.ReadAsync(cancellationToken))
        {
            series.Add(new StatsPoint(
                reader.GetFieldValue<DateTimeOffset>(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4),
                reader.ReadNullable<double>(5), reader.ReadNullable<double>(6), reader.ReadNullable<double>(7), reader.ReadNullable<double>(8),
                reader.ReadNullable<long>(9), reader.ReadNullable<long>(10)));
        }

        return series;
    }

    /// <summary>Notes how deep the queues are now, at most once per <paramref name="step"/> over all replicas.</summary>
    public async Task SampleDepthAsync(TimeSpan step, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Sample, Sql.Value(step.TotalSeconds));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
