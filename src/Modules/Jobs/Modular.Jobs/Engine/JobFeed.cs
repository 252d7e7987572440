using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Contracts;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>
/// What lists show live: which jobs changed, and the queues' depth when it did, at most twice a second for all subscribers together. Costs nothing while nobody listens.
/// </summary>
internal sealed class JobFeed(JobReader jobs, Queues queues, TimeProvider time, ILogger<JobFeed> logger) : Duty(time, logger), ISignalReceiver
{
    private const int MaxJobs = 500;

    // A submission tells nobody its id, which keeps it cheap: a job that waits shows in its queue's depth, which is looked at every fifth second.
    private const int LookAfter = 10;

    private readonly Lock _lock = new();
    private readonly HashSet<Guid> _changed = [];
    private readonly List<Channel<FeedItem>> _subscribers = [];
    private bool _isTruncated;
    private int _quietRounds;
    private IReadOnlyList<QueueDepth> _told = [];

    protected override TimeSpan Interval => TimeSpan.FromMilliseconds(500);

    public void OnChanged(IReadOnlyList<Guid> jobs)
    {
        lock (_lock)
        {
            if (_subscribers.Count == 0)
            {
                return;
            }

            foreach (var job in jobs)
            {
                // A list shows no more than this at once; it is told that there was more.
                _isTruncated |= _changed.Count >= MaxJobs && !_changed.Contains(job);
                if (_changed.Count < MaxJobs)
                {
                    _changed.Add(job);
                }
            }
        }
    }

    public void OnGap()
    {
        lock (_lock)
        {
            _isTruncated = _subscribers.Count > 0;
        }
    }

    /// <summary>The queues now, then what changes. A subscriber that cannot keep up loses the oldest items; lists load anew when they are told that something is missing.</summary>
    public async IAsyncEnumerable<FeedItem> SubscribeAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var hasLost = 0;
        var channel = Channel.CreateBounded<FeedItem>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest }, _ => Volatile.Write(ref hasLost, 1));
        lock (_lock)
        {
            _subscribers.Add(channel);
        }

        try
        {
            yield return new FeedItem([], IsTruncated: false, await queues.GetQueuesAsync(cancellationToken));
            await foreach (var item in channel.Reader.ReadAllAsync(cancellationToken))
            {
                yield return Interlocked.Exchange(ref hasLost, 0) == 1 ? item with { IsTruncated = true } : item;
            }
        }
        finally
        {
            lock (_lock)
            {
                _subscribers.Remove(channel);
            }
        }
    }

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        Guid[] changed;
        bool isTruncated;
        Channel<FeedItem>[] subscribers;
        lock (_lock)
        {
            (changed, isTruncated, subscribers) = ([.. _changed], _isTruncated, [.. _subscribers]);
            _changed.Clear();
            _isTruncated = false;
        }

        try
        {
            await TellAsync(subscribers, changed, isTruncated, cancellationToken);
        }
        catch
        {
            // What was to be told is lost; the next item says so.
            OnGap();
            throw;
        }

        return false;
    }

    private async Task TellAsync(Channel<FeedItem>[] subscribers, Guid[] changed, bool isTruncated, CancellationToken cancellationToken)
    {
        var hasNews = changed.Length > 0 || isTruncated;
        if (subscribers.Length > 0 && (hasNews || ++_quietRounds >= LookAfter))
        {
            _quietRounds = 0;
            var depths = await queues.GetQueuesAsync(cancellationToken);
            if (hasNews || !depths.Select(Counts).SequenceEqual(_told.Select(Counts)))
            {
                var item = new FeedItem(await jobs.FindStatesAsync(changed, cancellationToken), isTruncated, depths);
                foreach (var subscriber in subscribers)
                {
                    subscriber.Writer.TryWrite(item);
                }

                _told = depths;
            }
        }
    }

    private static QueueDepth Counts(QueueDepth depth) => depth with { OldestQueuedSeconds = null };
}

/// <summary>One tick of the feed.</summary>
/// <param name="Jobs">Jobs that changed, with their states now; a deleted one is left out.</param>
/// <param name="IsTruncated">More changed than is listed: load anew.</param>
/// <param name="Queues">Every queue's depth.</param>
internal sealed record FeedItem(IReadOnlyList<ChangedJob> Jobs, bool IsTruncated, IReadOnlyList<QueueDepth> Queues);
