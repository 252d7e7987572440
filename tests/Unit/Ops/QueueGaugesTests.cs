using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Modular.Jobs.Contracts;
using Modular.Ops.Telemetry;
using Prometheus;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Ops;

public sealed class QueueGaugesTests
{
    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly QueueGauges _gauges;

    public QueueGaugesTests() => _gauges = new QueueGauges(Metrics.WithCustomRegistry(_registry), NullLogger<QueueGauges>.Instance);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_50_largest_queues_have_a_series_of_their_own_and_the_rest_share_one()
    {
        await _gauges.RefreshAsync(new Statistics([.. Enumerable.Range(1, 60).Select(number => Depth($"q{number:00}", queued: number, running: 1))]), CancellationToken);

        var lines = await ReadAsync("modular_jobs_queued");
        lines.Count.ShouldBe(51);
        lines.ShouldContain("modular_jobs_queued{queue=\"q60\"} 60");
        lines.ShouldContain("modular_jobs_queued{queue=\"q11\"} 11");
        lines.ShouldContain("modular_jobs_queued{queue=\"other\"} 55", "1 + 2 + … + 10");
        (await ReadAsync("modular_jobs_running")).ShouldContain("modular_jobs_running{queue=\"other\"} 10");
    }

    [Fact]
    public async Task A_queue_that_is_named_other_shares_the_series_of_the_rest()
    {
        await _gauges.RefreshAsync(
            new Statistics([Depth("other", 1000, 0), .. Enumerable.Range(1, 50).Select(number => Depth($"q{number}", 10, 0))]), CancellationToken);

        (await ReadAsync("modular_jobs_queued")).ShouldContain("modular_jobs_queued{queue=\"other\"} 1010");
    }

    [Fact]
    public async Task A_queue_that_is_gone_or_cannot_be_asked_has_no_old_value()
    {
        await _gauges.RefreshAsync(new Statistics([Depth("a", 1, 1), Depth("b", 2, 2)]), CancellationToken);
        await _gauges.RefreshAsync(new Statistics([Depth("b", 3, 3)]), CancellationToken);
        (await ReadAsync("modular_jobs_queued")).ShouldBe(["modular_jobs_queued{queue=\"b\"} 3"]);

        await _gauges.RefreshAsync(new Statistics(null), CancellationToken);
        (await ReadAsync("modular_jobs_queued")).ShouldBeEmpty();
    }

    private async Task<IReadOnlyList<string>> ReadAsync(string metric)
    {
        using var text = new MemoryStream();
        await _registry.CollectAndExportAsTextAsync(text, CancellationToken);
        return [.. Encoding.UTF8.GetString(text.ToArray()).Split('\n').Where(line => line.StartsWith(metric + "{", StringComparison.Ordinal))];
    }

    private static QueueDepth Depth(string name, long queued, long running) => new(name, Paused: false, Concurrency: null, Scheduled: 0, queued, running, OldestQueuedSeconds: null);

    private sealed class Statistics(IReadOnlyList<QueueDepth>? queues) : IJobStatistics
    {
        public Task<IReadOnlyList<QueueDepth>> GetQueuesAsync(CancellationToken cancellationToken) =>
            queues is null ? throw new TimeoutException() : Task.FromResult(queues);
    }
}
