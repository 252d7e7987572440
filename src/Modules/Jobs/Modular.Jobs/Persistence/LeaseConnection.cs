using Modular.BuildingBlocks.Persistence;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>
/// The one connection that registers and renews a replica's lease, outside the pool. Synchronous on purpose: the lease keeper owns a thread,
/// and an await would go on, on a pool thread that handlers may be holding.
/// </summary>
internal sealed class LeaseConnection : IDisposable
{
    private const string RegisterLease =
        """
        INSERT INTO jobs.replica (name, version, capacity, expires_at) VALUES ($1, $2, $3, now() + make_interval(secs => $4)) RETURNING id
        """;

    // A late renewal counts as long as no rescuer declared the replica dead; both write this row, so one of them is first.
    private static readonly string RenewLease =
        $"""
        UPDATE jobs.replica r SET last_seen_at = now(), expires_at = now() + make_interval(secs => $2), active = $3, draining = $4
        WHERE r.id = $1 AND NOT r.dead
        RETURNING ARRAY(SELECT e.id FROM jobs.entry e WHERE e.worker = $1 AND e.state = {Sql.Running} AND e.cancel_requested_at IS NOT NULL)
        """;

    private readonly NpgsqlConnection _connection;
    private readonly TimeSpan _lease;

    /// <summary>Connects. Every call gives up after a third of the lease, so that another one still comes in time.</summary>
    public LeaseConnection(DatabaseOptions database, TimeSpan lease)
    {
        var seconds = Math.Max(1, (int)(lease / 3).TotalSeconds);
        _lease = lease;
        _connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database.ConnectionString)
        {
            Pooling = false,
            Timeout = seconds,
            CommandTimeout = seconds,
            ApplicationName = "modular-lease",
        }.ConnectionString);
        _connection.Open();
    }

    /// <summary>A new lease row.</summary>
    public int Register(string name, string version, int capacity)
    {
        using var command = new NpgsqlCommand(RegisterLease, _connection) { Parameters = { Sql.Value(name), Sql.Value(version), Sql.Value(capacity), Sql.Value(_lease.TotalSeconds) } };
        return (int)command.ExecuteScalar()!;
    }

    /// <summary>Renews the lease of all that the replica holds.</summary>
    /// <returns>The held jobs that a client wants cancelled (its signal may have been lost), or null: the replica was declared dead.</returns>
    public IReadOnlyList<Guid>? Renew(int replica, int active, bool draining)
    {
        using var command = new NpgsqlCommand(RenewLease, _connection) { Parameters = { Sql.Value(replica), Sql.Value(_lease.TotalSeconds), Sql.Value(active), Sql.Value(draining) } };
        return (Guid[]?)command.ExecuteScalar();
    }

    public void Dispose() => _connection.Dispose();
}
