using System.Collections.Concurrent;
using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Npgsql;

namespace Modular.Ops.Persistence;

/// <summary>
/// Which sessions were signed out of. Every replica reads the list every three seconds and keeps it: a request costs no query, and while the database is down
/// what was known still holds.
/// </summary>
internal sealed class EndedSessions(NpgsqlDataSource database, TimeProvider time, ILogger<EndedSessions> logger) : Duty(time, logger)
{
    private readonly TimeProvider _time = time;

    // Ended on this replica: known at once, and not lost to a list that was read a moment before.
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _here = new();
    private FrozenSet<Guid> _everywhere = [];

    protected override TimeSpan Interval => TimeSpan.FromSeconds(3);

    public bool Contains(Guid session) => _here.ContainsKey(session) || Volatile.Read(ref _everywhere).Contains(session);

    public async Task AddAsync(Guid session, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        _here[session] = expiresAt;
        await using var command = database.CreateCommand("INSERT INTO ops.ended_session (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        command.Parameters.Add(new NpgsqlParameter { Value = session });
        command.Parameters.Add(new NpgsqlParameter { Value = expiresAt.UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Knows the list before anything listens.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RunRoundAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        // A minute more than by the clock: replicas' clocks differ, and a session that is forgotten too early would live again.
        await using var command = database.CreateCommand(
            """
            WITH gone AS (DELETE FROM ops.ended_session WHERE expires_at < now() - interval '1 minute')
            SELECT id FROM ops.ended_session
            """);
        var ended = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            ended.Add(reader.GetGuid(0));
        }

        if (!_everywhere.SetEquals(ended))
        {
            Volatile.Write(ref _everywhere, ended.ToFrozenSet());
        }

        foreach (var (session, _) in _here.Where(session => session.Value < _time.GetUtcNow()))
        {
            _here.TryRemove(session, out _);
        }

        return false;
    }
}
