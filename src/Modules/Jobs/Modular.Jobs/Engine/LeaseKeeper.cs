using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Persistence;
using Modular.Jobs.Persistence;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Engine;

/// <summary>
/// Renews the replica's lease on a thread and a connection of its own: neither busy handlers nor an exhausted pool can starve it.
/// </summary>
internal sealed partial class LeaseKeeper(Replica replica, HeldJobs held, JobMetrics metrics, JobsOptions options, DatabaseOptions database, TimeProvider time, ILogger<LeaseKeeper> logger)
    : IDisposable
{
    private static readonly TimeSpan FirstLease = TimeSpan.FromSeconds(2);

    private readonly ManualResetEventSlim _stop = new();
    private readonly ManualResetEventSlim _registered = new();
    private Thread? _thread;
    private long _renewedAt;
    private long _steadySince;
    private volatile bool _draining;

    /// <summary>How long ago the database last confirmed the lease.</summary>
    public TimeSpan SinceRenewal => time.GetElapsedTime(Volatile.Read(ref _renewedAt));

    /// <summary>How long renewals have come in time without a break. After an outage of the database nobody's lease is worth much until all had a chance to renew.</summary>
    public TimeSpan SteadyFor => replica.Id == 0 || SinceRenewal > options.Lease ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _steadySince));

    public void Start()
    {
        _renewedAt = _steadySince = time.GetTimestamp();
        _thread = new Thread(Run) { IsBackground = true, Name = "lease-keeper", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
        // Claims need a lease: with it in hand the first job does not wait for the poll.
        _registered.Wait(FirstLease);
    }

    /// <summary>The next renewals say that the replica drains.</summary>
    public void MarkDraining() => _draining = true;

    public void Stop()
    {
        _stop.Set();
        _thread?.Join(TimeSpan.FromSeconds(5));
    }

    public void Dispose()
    {
        // A renewal that hangs still looks at them when it comes back, on a bare thread.
        if (_thread?.IsAlive != true)
        {
            _stop.Dispose();
            _registered.Dispose();
        }
    }

    private void Run()
    {
        LeaseConnection? connection = null;
        do
        {
            try
            {
                connection ??= new LeaseConnection(database, options.Lease);
                if (replica.Id == 0)
                {
                    replica.Id = Register(connection);
                    _registered.Set();
                }
                else if (connection.Renew(replica.Id, metrics.Active, _draining) is { } cancelled)
                {
                    held.Cancel(cancelled);
                }
                else
                {
                    DeclaredDead(logger, replica.Name, held.Count);
                    replica.Id = 0;
                    held.LoseAll();
                    replica.Id = Register(connection);
                }

                // Half a lease late is an outage too: another replica's renewal may have been due just before it.
                if (SinceRenewal > options.Lease / 2)
                {
                    Volatile.Write(ref _steadySince, time.GetTimestamp());
                }

                Volatile.Write(ref _renewedAt, time.GetTimestamp());
            }
            catch (Exception problem)
            {
                RenewalFailed(logger, problem.Message, SinceRenewal.TotalSeconds);
                connection?.Dispose();
                connection = null;
            }
        }
        while (!_stop.Wait(options.Lease / 4));

        connection?.Dispose();
    }

    private int Register(LeaseConnection connection)
    {
        var id = connection.Register(replica.Name, BuildInfo.Version, replica.Capacity);
        Volatile.Write(ref _steadySince, time.GetTimestamp());
        Registered(logger, replica.Name, id);
        return id;
    }

    [LoggerMessage(140, LogLevel.Information, "Replica {Replica} holds lease {LeaseId}")]
    private static partial void Registered(ILogger logger, string replica, int leaseId);

    [LoggerMessage(141, LogLevel.Error, "Replica {Replica} was declared dead; its {Jobs} jobs run elsewhere, and it starts over with a new lease")]
    private static partial void DeclaredDead(ILogger logger, string replica, int jobs);

    [LoggerMessage(142, LogLevel.Warning, "The lease could not be renewed ({Reason}); last renewal {Seconds:0.0} s ago")]
    private static partial void RenewalFailed(ILogger logger, string reason, double seconds);
}
