using System.Collections.Concurrent;
using System.Threading.Channels;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>Wakes whoever watches a job in this process. One signal connection serves all watchers.</summary>
internal sealed class JobChanges : ISignalReceiver
{
    /// <summary>How long a watcher trusts the signals before it looks for itself.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<Guid, ConcurrentDictionary<Watch, byte>> _watches = new();

    /// <summary>Streams open now.</summary>
    public int Count => _watches.Values.Sum(set => set.Count);

    /// <summary>Watches <paramref name="job"/> until disposed. Begin before the first read: what happens between the two then wakes.</summary>
    public Watch Watch(Guid job)
    {
        var watch = new Watch(this, job);
        _watches.GetOrAdd(job, _ => new()).TryAdd(watch, 0);
        // Another watcher may have removed the emptied set between the two steps.
        _watches.GetOrAdd(job, _ => new()).TryAdd(watch, 0);
        return watch;
    }

    public void OnChanged(IReadOnlyList<Guid> jobs)
    {
        if (_watches.IsEmpty)
        {
            return;
        }

        foreach (var job in jobs)
        {
            if (_watches.TryGetValue(job, out var watches))
            {
                foreach (var watch in watches.Keys)
                {
                    watch.Wake();
                }
            }
        }
    }

    public void OnGap()
    {
        foreach (var watch in _watches.Values.SelectMany(set => set.Keys))
        {
            watch.Wake();
        }
    }

    public void Remove(Watch watch)
    {
        if (_watches.TryGetValue(watch.Job, out var set))
        {
            set.TryRemove(watch, out _);
            if (set.IsEmpty)
            {
                _watches.TryRemove(KeyValuePair.Create(watch.Job, set));
            }
        }
    }
}

/// <summary>One watcher of one job.</summary>
internal sealed class Watch(JobChanges changes, Guid job) : IDisposable
{
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public Guid Job { get; } = job;

    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Returns when the job changed (true) or <paramref name="longest"/> is over (false).</summary>
    public async Task<bool> WaitAsync(TimeSpan longest, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(longest);
        try
        {
            return await _wake.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    public void Dispose() => changes.Remove(this);
}
