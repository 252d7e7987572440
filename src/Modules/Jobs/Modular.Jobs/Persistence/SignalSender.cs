using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>
/// Tells of what has committed, apart from the transactions that did it: a NOTIFY inside one takes a lock over the whole database server that is
/// held until the commit is on disk, and so makes commits wait for one another (PostgreSQL, PreCommit_Notify). This replica is told at once, without
/// a round trip; the others by NOTIFY, the first at once and then no more than one every few milliseconds. A signal lost on its way costs a slow poll.
/// </summary>
internal sealed partial class SignalSender(NpgsqlDataSource database, TimeProvider time, ILogger<SignalSender> logger) : BackgroundService, IHostedLifecycleService
{
    /// <summary>With more untold changes than that the database is away, and watchers look for themselves.</summary>
    private const int MaxUntold = 20_000;

    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(5);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _lock = new();
    private readonly HashSet<string> _freed = new(StringComparer.Ordinal);
    private List<Guid> _changed = [];
    private bool _ready;

    /// <summary>Marks the signals of this process, which has been told already when they come back to it.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>Whom to tell in this process; nobody before it listens.</summary>
    public ISignalReceiver? Here { get; set; }

    /// <summary>Jobs became queued.</summary>
    public void Ready()
    {
        Here?.OnReady();
        lock (_lock)
        {
            _ready = true;
        }

        _wake.Writer.TryWrite(true);
    }

    /// <summary>Jobs changed.</summary>
    public void Changed(IReadOnlyList<Guid> jobs)
    {
        Here?.OnChanged(jobs);
        lock (_lock)
        {
            if (_changed.Count + jobs.Count <= MaxUntold)
            {
                _changed.AddRange(jobs);
            }
        }

        _wake.Writer.TryWrite(true);
    }

    /// <summary>Jobs were scheduled for later: whoever promotes here may have to wake earlier.</summary>
    public void Scheduled(TimeSpan soonest) => Here?.OnScheduled(soonest);

    /// <summary>Places of these queues became free: whoever found a limit reached may claim again. Nobody is told of queues without a limit.</summary>
    public void Freed(IEnumerable<string> queues)
    {
        lock (_lock)
        {
            _freed.UnionWith(queues);
        }

        _wake.Writer.TryWrite(true);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Not yet: until all others have stopped, the engine drains, and what ends or goes back meanwhile is to be told.</summary>
    public override Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => base.StopAsync(cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var toldAt = 0L;
        try
        {
            while (await _wake.Reader.WaitToReadAsync(stoppingToken))
            {
                _wake.Reader.TryRead(out _);
                // Only what follows too soon waits: the single signal costs no timer.
                if (Debounce - time.GetElapsedTime(toldAt) is { Ticks: > 0 } rest)
                {
                    await Task.Delay(rest, time, stoppingToken);
                }

                toldAt = time.GetTimestamp();
                await TellAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The last words of a replica that stops: what it gave back, others should take at once.
            await TellAsync();
        }
    }

    private async Task TellAsync()
    {
        List<Guid> changed;
        string[] freed;
        bool ready;
        lock (_lock)
        {
            (changed, freed, ready) = (_changed, [.. _freed], _ready);
            (_changed, _ready) = ([], false);
            _freed.Clear();
        }

        if (changed.Count + freed.Length == 0 && !ready)
        {
            return;
        }

        try
        {
            await using var batch = database.CreateBatch();
            if (ready)
            {
                batch.BatchCommands.Add(Signals.NotifyReady(Id));
            }

            foreach (var notify in Signals.NotifyChanged(changed, Id))
            {
                batch.BatchCommands.Add(notify);
            }

            if (freed.Length > 0)
            {
                batch.BatchCommands.Add(Signals.NotifyFreed(freed));
            }

            await batch.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (Exception problem)
        {
            Untold(logger, problem.Message);
        }
    }

    [LoggerMessage(102, LogLevel.Debug, "Other replicas were not told of changes ({Reason}); their slow poll finds them")]
    private static partial void Untold(ILogger logger, string reason);
}
