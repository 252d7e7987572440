namespace Modular.Jobs.Domain;

/// <summary>How long a job waits after a failed attempt.</summary>
/// <param name="Kind">Fixed: always the base. Exponential: the base doubled per failed attempt.</param>
/// <param name="BaseSeconds">1 to 86400.</param>
/// <param name="MaxSeconds">The longest wait; from the base to 86400.</param>
internal sealed record Backoff(BackoffKind Kind = BackoffKind.Exponential, int BaseSeconds = 5, int MaxSeconds = 3600)
{
    /// <summary>
    /// The wait after failed attempt <paramref name="attempt"/> (from 1): min(max, base · 2^(attempt − 1)), then jitter.
    /// Exponential waits are drawn from the upper half ("equal jitter"), so that jobs that failed together do not return together;
    /// fixed waits vary by 10 %, since their users expect about that time. Never above the maximum.
    /// </summary>
    /// <param name="attempt">The attempt that failed.</param>
    /// <param name="jitter">Uniform in [0, 1).</param>
    public TimeSpan Delay(int attempt, double jitter)
    {
        var ceiling = Kind == BackoffKind.Fixed ? BaseSeconds : Math.Min(MaxSeconds, BaseSeconds * Math.Pow(2, Math.Min(attempt - 1, 30)));
        var factor = Kind == BackoffKind.Fixed ? 0.9 + (0.2 * jitter) : 0.5 + (0.5 * jitter);
        return TimeSpan.FromSeconds(Math.Min(MaxSeconds, ceiling * factor));
    }
}

/// <summary>The shape of a backoff.</summary>
internal enum BackoffKind
{
    Exponential,
    Fixed,
}
