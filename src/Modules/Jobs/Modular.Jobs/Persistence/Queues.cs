using Modular.Jobs.Contracts;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>Queues: their depth and what operators set.</summary>
internal sealed class Queues(NpgsqlDataSource database, TimeProvider time) : IJobStatistics, IDisposable
{
    private static readonly TimeSpan CopyAge = TimeSpan.FromSeconds(1);

    /// <summary>Counting a million jobs takes a while: however often it is asked for, it takes at most this share of one backend's time.</summary>
    private const double MaxShare = 0.05;

    private static readonly string Depth =
        $"""
         SELECT q.name, q.paused, q.concurrency, coalesce(d.scheduled, 0), coalesce(d.queued, 0), coalesce(d.running, 0), d.oldest
         FROM jobs.queue q
         LEFT JOIN (
           SELECT e.queue,
                  count(*) FILTER (WHERE e.state = {Sql.Scheduled}) AS scheduled,
                  count(*) FILTER (WHERE e.state = {Sql.Queued}) AS queued,
                  count(*) FILTER (WHERE e.state = {Sql.Running}) AS running,
                  extract(epoch FROM now() - min(e.created_at) FILTER (WHERE e.state = {Sql.Queued}))::float8 AS oldest
           FROM jobs.entry e
           WHERE $1::text IS NULL OR e.queue = $1
           GROUP BY e.queue) d ON d.queue = q.name
         WHERE $1::text IS NULL OR q.name = $1
         ORDER BY q.name
         """;

    private static readonly string Limit =
        $"""
         SELECT q.paused, q.concurrency, CASE WHEN q.concurrency IS NULL THEN 0 ELSE (SELECT count(*) FROM jobs.entry e WHERE e.queue = q.name AND e.state = {Sql.Running}) END
         FROM jobs.queue q WHERE q.name = $1
         """;

    private readonly SemaphoreSlim _one = new(1, 1);
    private IReadOnlyList<QueueDepth> _copy = [];
    private long? _copiedAt;
    private TimeSpan _countTook;

    public void Dispose() => _one.Dispose();

    public async Task<IReadOnlyList<QueueDepth>> GetQueuesAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_copiedAt is not { } at || (time.GetElapsedTime(at) > CopyAge && time.GetElapsedTime(at) > _countTook / MaxShare))
            {
                var started = time.GetTimestamp();
                _copy = await ReadAsync(null, cancellationToken);
                _copiedAt = time.GetTimestamp();
                _countTook = time.GetElapsedTime(started);
            }

            return _copy;
        }
        finally
        {
            _one.Release();
        }
    }

    public async Task<QueueDepth?> FindAsync(string name, CancellationToken cancellationToken) =>
        (await ReadAsync(name, cancellationToken)).FirstOrDefault();

    /// <summary>What an operator set for a queue, and how many of it run if that is limited: cheap however many jobs wait.</summary>
    public async Task<(bool Paused, int? Concurrency, long Running)> FindLimitAsync(string name, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Limit, Sql.Value(name));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetBoolean(0), reader.ReadNullable<int>(1), reader.GetInt64(2)) : default;
    }

    /// <summary>Pauses or resumes; a queue that no job has named yet is made, so that it can be paused before its first job.</summary>
    public async Task SetPausedAsync(string name, bool paused, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(Sql.Command(
            "INSERT INTO jobs.queue (name, paused) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET paused = excluded.paused",
            Sql.Value(name),
            Sql.Value(paused)));
        batch.BatchCommands.Add(paused ? Signals.NotifyPaused(name) : Signals.NotifyReady());
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task SetConcurrencyAsync(string name, int? concurrency, CancellationToken cancellationToken)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(Sql.Command(
            "INSERT INTO jobs.queue (name, concurrency) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET concurrency = excluded.concurrency",
            Sql.Value(name),
            Sql.Nullable(concurrency, NpgsqlTypes.NpgsqlDbType.Integer)));
        batch.BatchCommands.Add(Signals.NotifyReady());
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Every queue, or the one named, now.</summary>
    public async Task<IReadOnlyList<QueueDepth>> ReadAsync(string? name, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Depth, Sql.Text(name));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var queues = new List<QueueDepth>();
        while (await reader.ReadAsync(cancellationToken))
        {
            queues.Add(new QueueDepth(
                reader.GetString(0), reader.GetBoolean(1), reader.ReadNullable<int>(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5), reader.ReadNullable<double>(6)));
        }

        return queues;
    }
}
