using Marten;
using Marten.Linq.MatchesSql;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Persistence;
using Modular.Health.Domain;
using Modular.Health.Probing;

namespace Modular.Health.Persistence;

/// <summary>
/// Notices when a part changes its state, whoever asked how it is, and stores that. It asks itself where nobody else does. While the database is down the changes wait in memory, in a buffer with an end, and
/// are stored afterwards with their own times.
/// </summary>
internal sealed partial class HealthWatcher(HealthMonitor monitor, IDocumentStore documents, TimeProvider time, ILogger<HealthWatcher> logger) : Duty(time, logger)
{
    private const int MostWaiting = 1_000;

    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Close = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PruneEvery = TimeSpan.FromHours(1);

    private readonly TimeProvider _time = time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, HealthStatus> _known = new(StringComparer.Ordinal);
    private readonly Queue<HealthTransition> _waiting = new();
    private TimeSpan _interval = Close;
    private DateTimeOffset _pruneAt;

    protected override TimeSpan Interval => _interval;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        monitor.Answered = Notice;
        return base.StartAsync(cancellationToken);
    }

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        var report = await monitor.GetAsync(cancellationToken);
        // Closer while a part is not well: its recovery is news too.
        _interval = report.Parts.All(part => part.Status is HealthStatus.Healthy or HealthStatus.Disabled) ? Calm : Close;
        // Asked of the report first: a database that is down is not also waited for here, which would blind the watcher to the other parts.
        if (report.Parts.All(part => part.Name != "database" || part.Status is HealthStatus.Healthy))
        {
            await StoreAsync(cancellationToken);
            await PruneAsync(cancellationToken);
        }

        return false;
    }

    private void Notice(HealthReport report)
    {
        lock (_lock)
        {
            NoticeEach(report);
        }
    }

    private void NoticeEach(HealthReport report)
    {
        foreach (var part in report.Parts)
        {
            // A part that is well at the first look is no news; one that is not, is.
            var before = _known.GetValueOrDefault(part.Name, part.Status is HealthStatus.Disabled ? HealthStatus.Disabled : HealthStatus.Healthy);
            _known[part.Name] = part.Status;
            if (before == part.Status)
            {
                continue;
            }

            Changed(logger, part.Status is HealthStatus.Healthy or HealthStatus.Disabled ? LogLevel.Information : LogLevel.Warning, part.Name, before, part.Status, part.Detail);
            if (_waiting.Count == MostWaiting)
            {
                _waiting.Dequeue();
            }

            var at = _time.GetUtcNow();
            _waiting.Enqueue(new HealthTransition
            {
                Id = OrderedId.At(at),
                At = at,
                Part = part.Name,
                From = before,
                To = part.Status,
                Detail = part.Detail,
                Replica = Environment.MachineName,
            });
        }
    }

    private async Task StoreAsync(CancellationToken cancellationToken)
    {
        HealthTransition[] transitions;
        lock (_lock)
        {
            transitions = [.. _waiting];
        }

        if (transitions.Length == 0)
        {
            return;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Patience);
        await using var session = documents.LightweightSession();
        // Stored by id: a round that failed after its commit stores the same again, not twice.
        session.Store(transitions);
        await session.SaveChangesAsync(timeout.Token);
        lock (_lock)
        {
            // The buffer may have dropped some of them meanwhile.
            while (_waiting.TryPeek(out var oldest) && oldest.Id <= transitions[^1].Id)
            {
                _waiting.Dequeue();
            }
        }
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        if (now < _pruneAt)
        {
            return;
        }

        _pruneAt = now + PruneEvery;
        await using var session = documents.LightweightSession();
        session.DeleteWhere<HealthTransition>(transition => transition.MatchesSql("(d.data ->> 'at')::timestamptz < now() - interval '90 days'"));
        await session.SaveChangesAsync(cancellationToken);
    }

    [LoggerMessage(EventId = 101, Message = "{Part}: {From} → {To} ({Detail})")]
    private static partial void Changed(ILogger logger, LogLevel level, string part, HealthStatus from, HealthStatus to, string? detail);
}
