using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>Removes the dead rows of the hot table every few seconds while there are many, so that a claim takes as long after an hour at full rate as at its start.</summary>
internal sealed partial class Vacuumer(HotTable table, HeldJobs held, TimeProvider time, ILogger<Vacuumer> logger) : Duty(time, logger)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private readonly TimeProvider _clock = time;
    private TimeSpan _interval = Shortest;
    private long _taken = -1;

    protected override TimeSpan Interval => _interval;

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        // Dead rows come from running jobs, mostly: an idle replica asks nothing.
        var isBusy = held.Taken != _taken;
        _taken = held.Taken;
        if (!isBusy || !await table.NeedsVacuumAsync(cancellationToken))
        {
            _interval = Shortest;
            return false;
        }

        var began = _clock.GetTimestamp();
        await table.VacuumAsync(cancellationToken);
        Vacuumed(logger, _clock.GetElapsedTime(began).TotalSeconds);
        // An old snapshot (a backup, a forgotten transaction) keeps dead rows: trying again and again would read the table for nothing.
        _interval = await table.NeedsVacuumAsync(cancellationToken) ? TimeSpan.FromTicks(Math.Min(2 * _interval.Ticks, Longest.Ticks)) : Shortest;
        return false;
    }

    [LoggerMessage(210, LogLevel.Debug, "Vacuumed jobs.entry in {Seconds:0.00} s")]
    private static partial void Vacuumed(ILogger logger, double seconds);
}
