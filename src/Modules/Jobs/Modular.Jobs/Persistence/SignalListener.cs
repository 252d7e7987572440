using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Persistence;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>
/// Passes signals on to all receivers: those of this process as they are, those of other replicas from one LISTEN connection outside the pool. That
/// heals itself; after each gap everybody is woken once, since signals may have been missed.
/// </summary>
internal sealed partial class SignalListener(
    IEnumerable<ISignalReceiver> receivers, SignalSender sender, DatabaseOptions options, TimeProvider time, ILogger<SignalListener> logger) : BackgroundService, ISignalReceiver
{
    private readonly ISignalReceiver[] _receivers = [.. receivers];

    public void OnReady() => Array.ForEach(_receivers, receiver => receiver.OnReady());

    public void OnChanged(IReadOnlyList<Guid> jobs) => Array.ForEach(_receivers, receiver => receiver.OnChanged(jobs));

    public void OnCancel(IReadOnlyList<Guid> jobs) => Array.ForEach(_receivers, receiver => receiver.OnCancel(jobs));

    public void OnScheduled(TimeSpan soonest) => Array.ForEach(_receivers, receiver => receiver.OnScheduled(soonest));

    public void OnPaused(string queue) => Array.ForEach(_receivers, receiver => receiver.OnPaused(queue));

    public void OnGap() => Array.ForEach(_receivers, receiver => receiver.OnGap());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        sender.Here = this;
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
                OnGap();
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
        if (channel == Signals.Paused)
        {
            OnPaused(payload);
            return;
        }

        var (from, jobs) = Signals.Read(payload);
        if (from == sender.Id)
        {
            return;
        }

        switch (channel)
        {
            case Signals.Ready:
                OnReady();
                break;
            case Signals.Changed:
                OnChanged(jobs);
                break;
            case Signals.Cancel:
                OnCancel(jobs);
                break;
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

    /// <summary>This process scheduled jobs, the first of them for so long from now. Other replicas are not told.</summary>
    void OnScheduled(TimeSpan soonest)
    {
    }

    /// <summary>Signals may have been missed: look for yourself.</summary>
    void OnGap()
    {
    }
}
