using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Modular.BuildingBlocks.Hosting;

/// <summary>
/// A long-running duty: does a round, waits, does the next, until the Host stops. A round that throws is logged and tried again
/// after a growing, jittered pause: a duty never dies silently.
/// </summary>
public abstract partial class Duty(TimeProvider time, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    /// <summary>The pause after a round that found nothing to do.</summary>
    protected abstract TimeSpan Interval { get; }

    /// <summary>One round. True: there is more to do, go on at once.</summary>
    protected abstract Task<bool> RunRoundAsync(CancellationToken cancellationToken);

    /// <summary>Waits for the next round. A duty that can be woken waits in its own way.</summary>
    protected virtual Task PauseAsync(CancellationToken cancellationToken) => Task.Delay(Interval, time, cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var more = await RunRoundAsync(stoppingToken);
                failures = 0;
                if (!more)
                {
                    await PauseAsync(stoppingToken);
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception problem)
            {
                failures++;
                RoundFailed(logger, problem, GetType().Name, failures);
                await Task.Delay(Backoff(failures), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>100 ms doubled per failure up to 10 s, then a random part of the upper half (so that replicas do not retry in step).</summary>
    public static TimeSpan Backoff(int failures)
    {
        var ceiling = Math.Min(LongestPause.TotalMilliseconds, 100 * Math.Pow(2, Math.Min(failures - 1, 10)));
        return TimeSpan.FromMilliseconds(ceiling * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    [LoggerMessage(10, LogLevel.Warning, "{Duty} failed, {Failures} times in a row; it tries again")]
    private static partial void RoundFailed(ILogger logger, Exception problem, string duty, int failures);
}
