using System.Runtime.InteropServices;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>Wakes whoever watches a job in this process. One signal connection serves all watchers.</summary>
internal sealed class JobChanges : ISignalReceiver
{
    /// <summary>How long a watcher trusts the signals before it looks for itself.</summary>
    public static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    private readonly Dictionary<Guid, List<Watch>> _watches = [];
    private readonly Lock _lock = new();

    /// <summary>Watches <paramref name="job"/> until disposed. Begin before the first read: what happens between the two then wakes.</summary>
    public Watch Watch(Guid job)
    {
        var watch = new Watch(this, job);
        lock (_lock)
        {
            (CollectionsMarshal.GetValueRefOrAddDefault(_watches, job, out _) ??= []).Add(watch);
        }

        return watch;
    }

    public void OnChanged(IReadOnlyList<Guid> jobs)
    {
        lock (_lock)
        {
            foreach (var job in jobs)
            {
                if (_watches.TryGetValue(job, out var watches))
                {
                    watches.ForEach(watch => watch.Wake());
                }
            }
        }
    }

    public void OnGap()
    {
        lock (_lock)
        {
            foreach (var watch in _watches.Values.SelectMany(watches => watches))
            {
                watch.Wake();
            }
        }
    }

    public void Remove(Watch watch)
    {
        lock (_lock)
        {
            if (_watches.TryGetValue(watch.Job, out var watches) && watches.Remove(watch) && watches.Count == 0)
            {
                _watches.Remove(watch.Job);
            }
        }
    }
}

/// <summary>One watcher of one job.</summary>
internal sealed class Watch(JobChanges changes, Guid job) : IDisposable
{
    private readonly WakeSignal _wake = new();

    public Guid Job { get; } = job;

    public void Wake() => _wake.Set();

    /// <summary>Returns when the job changed or <paramref name="longest"/> is over.</summary>
    public Task WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => _wake.WaitAsync(longest, cancellationToken);

    public void Dispose() => changes.Remove(this);
}
