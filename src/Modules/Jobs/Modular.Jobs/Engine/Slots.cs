using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Engine;

/// <summary>How many jobs this replica has in hand, buffered ones included, and how many more are worth taking.</summary>
internal sealed class Slots(JobsOptions options, JobMetrics metrics, TimeProvider time)
{
    private const int MaxClaim = 500;
    private const int MaxBuffer = 2 * MaxClaim;

    private int _inHand;
    private double _averageSeconds = 1;
    private long _lastEnd = time.GetTimestamp();

    /// <summary>Handlers that could start at once; negative while jobs are buffered.</summary>
    public int Idle => options.Concurrency - Volatile.Read(ref _inHand);

    /// <summary>How many jobs to claim now; 0: too few for a round trip.</summary>
    public int Wanted
    {
        get
        {
            var ahead = Prefetch();
            var want = Math.Min(MaxClaim, Idle + ahead);
            // With a buffer, half a buffer at a time: many small claims would cost a round trip each.
            return want >= Math.Max(1, ahead / 2) ? want : 0;
        }
    }

    public void Take(int jobs) => Interlocked.Add(ref _inHand, jobs);

    /// <summary>A job is out of hand. True when a claim would follow: below half of the buffer, or whenever a handler is idle.</summary>
    public bool Free() => Interlocked.Decrement(ref _inHand) <= options.Concurrency + (Prefetch() / 2);

    /// <summary>A handler ended that began at this timestamp.</summary>
    public void Ended(long startedAt)
    {
        _averageSeconds = (0.8 * _averageSeconds) + (0.2 * time.GetElapsedTime(startedAt).TotalSeconds);
        Volatile.Write(ref _lastEnd, time.GetTimestamp());
    }

    /// <summary>
    /// How many jobs beyond the free slots are worth holding: what all slots finish in a second, nothing when jobs are longer than that. While all slots
    /// are busy and none ends, jobs are at least as long as that silence, whatever the last ones were: what was given back must not be taken again.
    /// </summary>
    private int Prefetch()
    {
        var seconds = metrics.Active < options.Concurrency ? _averageSeconds : Math.Max(_averageSeconds, time.GetElapsedTime(Volatile.Read(ref _lastEnd)).TotalSeconds);
        return seconds >= 1 ? 0 : (int)Math.Min(MaxBuffer, options.Concurrency / Math.Max(seconds, 0.0005));
    }
}
