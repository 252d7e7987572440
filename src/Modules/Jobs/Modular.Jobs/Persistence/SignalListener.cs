using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Persistence;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>
/// One LISTEN connection per replica, outside the pool. It heals itself; after each gap everybody is woken once, since signals may have been missed.
/// </summary>
internal sealed partial class SignalListener(IEnumerable<ISignalReceiver> receivers, DatabaseOptions options, TimeProvider time, ILogger<SignalListener> logger) : BackgroundService
{
    private readonly ISignalReceiver[] _receivers = [.. receivers];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionString());
                await connection.OpenAsync(stoppingToken);
                connection.Notification += (_, signal) => Dispatch(signal.Channel, signal.Payload);
                await using (var listen = new NpgsqlCommand($"LISTEN {Signals.Ready}; LISTEN {Signals.Changed}; LISTEN {Signals.Cancel}; LISTEN {Signals.Paused}", connection))
                {
                    await listen.ExecuteNonQueryAsync(stoppingToken);
                }

                failures = 0;
                foreach (var receiver in _receivers)
                {
                    receiver.OnGap();
                }

                while (true)
                {
                    await connection.WaitAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem)
            {
                failures++;
                Lost(logger, problem.Message);
                await Task.Delay(Duty.Backoff(failures), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private string ConnectionString() =>
        new NpgsqlConnectionStringBuilder(options.ConnectionString) { Pooling = false, KeepAlive = 10, ApplicationName = "modular-listener" }.ConnectionString;

    private void Dispatch(string channel, string payload)
    {
        foreach (var receiver in _receivers)
        {
            switch (channel)
            {
                case Signals.Ready:
                    receiver.OnReady();
                    break;
                case Signals.Changed:
                    receiver.OnChanged([.. Signals.ReadIds(payload)]);
                    break;
                case Signals.Cancel:
                    receiver.OnCancel([.. Signals.ReadIds(payload)]);
                    break;
                case Signals.Paused:
                    receiver.OnPaused(payload);
                    break;
            }
        }
    }

    [LoggerMessage(101, LogLevel.Warning, "The signal connection was lost ({Reason}); polling goes on and it reconnects")]
    private static partial void Lost(ILogger logger, string reason);
}

/// <summary>Who is told of signals. Calls come on the listener's own thread and must return at once.</summary>
internal interface ISignalReceiver
{
    void OnReady()
    {
    }

    void OnChanged(IReadOnlyList<Guid> jobs)
    {
    }

    void OnCancel(IReadOnlyList<Guid> jobs)
    {
    }

    void OnPaused(string queue)
    {
    }

    /// <summary>Signals may have been missed: look for yourself.</summary>
    void OnGap()
    {
    }
}
