using Microsoft.Extensions.Logging;
using Modular.Jobs.Contracts;
using Prometheus;

namespace Modular.Ops.Telemetry;

/// <summary>
/// How deep the queues are, asked when a scrape comes. The numbers are database-wide, the same on every replica: read them with <c>max by</c>.
/// Clients name queues, so only the largest get a series of their own.
/// </summary>
internal sealed partial class QueueGauges(IMetricFactory metrics, ILogger<QueueGauges> logger)
{
    private const int MostQueues = 50;
    private const string TheRest = "other";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Gauge _queued = metrics.CreateGauge("modular_jobs_queued", "Jobs that wait for a worker; database-wide.", ["queue"]);
    private readonly Gauge _running = metrics.CreateGauge("modular_jobs_running", "Jobs that a worker holds; database-wide.", ["queue"]);

    public async Task RefreshAsync(IJobStatistics statistics, CancellationToken cancellationToken)
    {
        IReadOnlyList<QueueDepth> queues;
        try
        {
            queues = await statistics.GetQueuesAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
        }
        catch (Exception problem) when (!cancellationToken.IsCancellationRequested)
        {
            // No value rather than an old one: the scrape goes on with what this process knows by itself.
            NotAsked(logger, problem);
            queues = [];
        }

        var largest = queues
            .OrderByDescending(queue => queue.Queued + queue.Running)
            .ThenBy(queue => queue.Name, StringComparer.Ordinal)
            .Select((queue, rank) => (Label: rank < MostQueues ? queue.Name : TheRest, queue.Queued, queue.Running))
            // A queue may itself be named "other": then its numbers are part of that series.
            .GroupBy(queue => queue.Label, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => (Queued: group.Sum(queue => queue.Queued), Running: group.Sum(queue => queue.Running)), StringComparer.Ordinal);
        foreach (var gone in _queued.GetAllLabelValues().Select(labels => labels[0]).Where(name => !largest.ContainsKey(name)).ToArray())
        {
            _queued.RemoveLabelled(gone);
            _running.RemoveLabelled(gone);
        }

        foreach (var (name, depth) in largest)
        {
            _queued.WithLabels(name).Set(depth.Queued);
            _running.WithLabels(name).Set(depth.Running);
        }
    }

    [LoggerMessage(200, LogLevel.Warning, "The queues' depths are missing from this scrape")]
    private static partial void NotAsked(ILogger logger, Exception problem);
}
