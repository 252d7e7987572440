using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>
/// Moves scheduled jobs whose time has come to their queues. It sleeps until the next one is due. One that this replica schedules for an earlier time wakes it;
/// those of a replica that has died since are found by the slow poll behind it.
/// </summary>
internal sealed class Promoter(WaitingJobs jobs, TimeProvider time, ILogger<Promoter> logger) : Duty(time, logger), ISignalReceiver
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    // The database's timer and ours are not one: a little late is one round, a little early is two.
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(2);
    private const int MaxBatch = 500;

    private readonly TimeProvider _clock = time;
    private readonly WakeSignal _wake = new();
    private TimeSpan _interval = Longest;
    private long _sleepsUntil = long.MaxValue;

    protected override TimeSpan Interval => _interval;

    public void OnScheduled(TimeSpan soonest)
    {
        if (After(soonest) < Volatile.Read(ref _sleepsUntil))
        {
            _wake.Set();
        }
    }

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        // What is scheduled from here on may be missed by this round: it wakes the next.
        Volatile.Write(ref _sleepsUntil, long.MaxValue);
        var (promoted, next) = await jobs.PromoteAsync(MaxBatch, cancellationToken);
        _interval = next is { } due && due < Longest ? due + Margin : Longest;
        return promoted == MaxBatch;
    }

    protected override Task PauseAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _sleepsUntil, After(_interval));
        return _wake.WaitAsync(_interval, cancellationToken);
    }

    private long After(TimeSpan wait) => _clock.GetTimestamp() + (long)(wait.TotalSeconds * _clock.TimestampFrequency);
}
