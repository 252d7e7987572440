using System.Collections.Concurrent;
using Modular.Jobs.Contracts;

namespace Modular.Jobs.Engine;

/// <summary>The jobs that this replica holds, from their claim until their outcome is written.</summary>
internal sealed class HeldJobs
{
    private readonly ConcurrentDictionary<Guid, Attempt> _attempts = new();
    private long _claimsBegun;
    private long _claimsEnded;
    private long _claimsLost;
    private long _taken;

    public int Count => _attempts.Count;

    public IEnumerable<Attempt> All => _attempts.Values;

    public void Add(Attempt attempt)
    {
        _attempts[attempt.JobId] = attempt;
        Interlocked.Increment(ref _taken);
    }

    /// <summary>Ends that attempt, and none that this replica has claimed of the same job since.</summary>
    public void Remove(Guid job, long lease)
    {
        if (_attempts.TryGetValue(job, out var attempt) && attempt.Job.Lease == lease)
        {
            _attempts.TryRemove(KeyValuePair.Create(job, attempt));
        }
    }

    /// <summary>A claim is about to be sent; between its commit and its answer the database knows of jobs that this set does not.</summary>
    public void BeginClaim() => Interlocked.Increment(ref _claimsBegun);

    /// <summary>Its answer is in this set, or was lost.</summary>
    public void EndClaim() => Interlocked.Increment(ref _claimsEnded);

    /// <summary>It is not known what the claim took, if anything: its answer was lost.</summary>
    public void LoseClaim() => Interlocked.Increment(ref _claimsLost);

    public long ClaimsLost => Interlocked.Read(ref _claimsLost);

    /// <summary>Jobs taken so far.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Claims so far. One claim runs at a time, so what was claimed up to here is known here once as many have ended.</summary>
    public long ClaimsBegun => Interlocked.Read(ref _claimsBegun);

    public long ClaimsEnded => Interlocked.Read(ref _claimsEnded);

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
        // Those that have not started are met by executors, which free their slots.
        foreach (var attempt in _attempts.Values)
        {
            attempt.Stop(StopReason.LeaseLost);
        }
    }
}
