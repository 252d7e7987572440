using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Health.Domain;

namespace Modular.Health.Probing;

/// <summary>
/// Asks all probes at once and keeps the answer for a second. Whoever asks meanwhile shares the round in flight, so that no number of
/// callers puts more than one question to a part.
/// </summary>
internal sealed class HealthMonitor(IEnumerable<IHealthProbe> probes, TimeProvider time, ILogger<HealthMonitor> logger)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ProbeRunner[] _runners = [.. probes.Select(probe => new ProbeRunner(probe, time, logger))];
    private Task<HealthReport>? _round;
    private long _roundEndedAt;

    /// <summary>Whom to tell every answer, whoever asked for it; one at a time.</summary>
    public Action<HealthReport>? Answered { get; set; }

    public async Task<HealthReport> GetAsync(CancellationToken cancellationToken)
    {
        Task<HealthReport> round;
        lock (_lock)
        {
            if (_round is null || (_round.IsCompleted && time.GetElapsedTime(_roundEndedAt) >= Fresh))
            {
                // On the pool: the round is everyone's, and starts outside the lock.
                _round = Task.Run(AskAllAsync, CancellationToken.None);
            }

            round = _round;
        }

        return await round.WaitAsync(cancellationToken);
    }

    private async Task<HealthReport> AskAllAsync()
    {
        var parts = await Task.WhenAll(_runners.Select(runner => runner.AskAsync()));
        var report = HealthReport.Of([.. parts.OrderBy(part => part.Name, StringComparer.Ordinal)]);
        Answered?.Invoke(report);
        Volatile.Write(ref _roundEndedAt, time.GetTimestamp());
        return report;
    }
}
