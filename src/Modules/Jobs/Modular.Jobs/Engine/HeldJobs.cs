using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Modular.Jobs.Contracts;

namespace Modular.Jobs.Engine;

/// <summary>The jobs that this replica holds, from their claim until their outcome is written.</summary>
internal sealed class HeldJobs
{
    private readonly ConcurrentDictionary<Guid, Attempt> _attempts = new();

    public int Count => _attempts.Count;

    public IEnumerable<Attempt> All => _attempts.Values;

    public void Add(Attempt attempt) => _attempts[attempt.JobId] = attempt;

    public void Remove(Guid job) => _attempts.TryRemove(job, out _);

    public bool TryGet(Guid job, [NotNullWhen(true)] out Attempt? attempt) => _attempts.TryGetValue(job, out attempt);

    public bool Holds(Guid job, long lease) => _attempts.TryGetValue(job, out var attempt) && attempt.Job.Lease == lease;

    /// <summary>Clients cancelled these; those held here are asked to stop.</summary>
    public void Cancel(IEnumerable<Guid> jobs)
    {
        foreach (var job in jobs)
        {
            if (_attempts.TryGetValue(job, out var attempt))
            {
                attempt.Stop(StopReason.Cancelled);
            }
        }
    }

    /// <summary>The replica was declared dead: nothing that it holds counts any more.</summary>
    public void LoseAll()
    {
        foreach (var (job, attempt) in _attempts)
        {
            attempt.Stop(StopReason.LeaseLost);
            if (attempt.TryReturn())
            {
                _attempts.TryRemove(job, out _);
            }
        }
    }
}
