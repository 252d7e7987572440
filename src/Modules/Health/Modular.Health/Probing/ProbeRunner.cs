using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Health.Domain;

namespace Modular.Health.Probing;

/// <summary>Asks one probe and always answers in time, whatever the probe does.</summary>
internal sealed partial class ProbeRunner(IHealthProbe probe, TimeProvider time, ILogger logger)
{
    /// <summary>How long a part may take to answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private Task<ProbeResult>? _running;
    private long _startedAt;

    /// <summary>Not to be called twice at once.</summary>
    public async Task<PartReport> AskAsync()
    {
        if (_running is { IsCompleted: false })
        {
            // It ignored its token. A second question would only pile up behind the first, each with a connection of its own.
            return Down($"has not answered for {time.GetElapsedTime(_startedAt).TotalSeconds:0} s", time.GetElapsedTime(_startedAt));
        }

        _startedAt = time.GetTimestamp();
        var timeout = new CancellationTokenSource(Patience, time);
        // A probe may block before its first await: the pool's thread is then the one that waits.
        _running = Task.Run(() => probe.CheckAsync(timeout.Token), CancellationToken.None);
        _ = _running.ContinueWith(
            (ended, source) =>
            {
                // Observes what nobody awaits any more.
                _ = ended.Exception;
                ((CancellationTokenSource)source!).Dispose();
            },
            timeout,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        try
        {
            var result = await _running.WaitAsync(Patience, time);
            return new PartReport(probe.Name, probe.IsCritical, result.Status, Latency(time.GetElapsedTime(_startedAt)), result.Detail, result.Data);
        }
        catch (Exception problem) when (problem is TimeoutException or OperationCanceledException)
        {
            return Down($"did not answer within {Patience.TotalSeconds:0} s", time.GetElapsedTime(_startedAt));
        }
        catch (Exception problem)
        {
            // The text of a fault may name hosts and users: it goes to the log, its kind to the client.
            Failed(logger, problem, probe.Name);
            return Down($"cannot be reached ({problem.GetType().Name})", time.GetElapsedTime(_startedAt));
        }
    }

    private PartReport Down(string detail, TimeSpan elapsed) => new(probe.Name, probe.IsCritical, HealthStatus.Unhealthy, Latency(elapsed), detail, Data: null);

    private static double Latency(TimeSpan elapsed) => Math.Round(elapsed.TotalMilliseconds, 1);

    [LoggerMessage(100, LogLevel.Debug, "The probe of {Part} failed")]
    private static partial void Failed(ILogger logger, Exception problem, string part);
}
