using Modular.BuildingBlocks.Configuration;

namespace Modular.BuildingBlocks.Hosting;

/// <summary>How the process stops.</summary>
/// <param name="Delay">From the signal on, the listener stays open for this long while readiness says 503; part of the timeout.</param>
/// <param name="Timeout">Everything has to be over by then.</param>
public sealed record ShutdownOptions(TimeSpan Delay, TimeSpan Timeout)
{
    /// <summary>Requests still open by then are cut off: a little before the end, so that what closes after them closes in order.</summary>
    internal TimeSpan Patience => Timeout - Margin(1);

    /// <summary>The process ends by itself, whatever still runs.</summary>
    internal TimeSpan Deadline => Timeout - Margin(0.25);

    public static ShutdownOptions Read(Settings settings)
    {
        var delay = settings.WholeNumber("SHUTDOWN_DELAY_SECONDS", 2, 0, 300, "after SIGTERM the listener stays open for this long while readiness says 503; part of the timeout");
        var timeout = settings.WholeNumber("SHUTDOWN_TIMEOUT_SECONDS", 30, 1, 3600, "after SIGTERM the process has ended by then");
        if (delay >= timeout)
        {
            settings.AddProblem($"SHUTDOWN_DELAY_SECONDS is {delay}: it must be below SHUTDOWN_TIMEOUT_SECONDS ({timeout})");
        }

        return new ShutdownOptions(TimeSpan.FromSeconds(delay), TimeSpan.FromSeconds(timeout));
    }

    private TimeSpan Margin(double seconds) => TimeSpan.FromSeconds(Math.Min(seconds, Timeout.TotalSeconds * seconds / 10));
}
