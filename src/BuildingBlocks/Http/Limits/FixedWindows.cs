namespace Modular.BuildingBlocks.Http.Limits;

/// <summary>
/// Counts requests per client in windows of a minute, each of which begins with its client's first request. All are equally long, so they end in the
/// order in which they began: a queue knows the next one, dropping costs nothing extra, and memory is bounded. With more clients than
/// <paramref name="capacity"/> the oldest windows go early: that is lenient to some, where sharing one window would let an attacker lock others out.
/// </summary>
internal sealed class FixedWindows(TimeProvider time, int capacity = 50_000)
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<RateClient, Window> _windows = [];
    private readonly Queue<RateClient> _order = new();

    /// <summary>Windows held now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _windows.Count;
            }
        }
    }

    /// <summary>Counts one request, unless <paramref name="limit"/> is used up.</summary>
    public RateLease Take(RateClient client, int limit)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            DropEnded(now);
            if (!_windows.TryGetValue(client, out var window))
            {
                if (_windows.Count >= capacity)
                {
                    _windows.Remove(_order.Dequeue());
                }

                window = new Window(now);
                _windows.Add(client, window);
                _order.Enqueue(client);
            }

            var isGranted = window.Used < limit;
            window.Used += isGranted ? 1 : 0;
            return new RateLease(isGranted, limit, limit - window.Used, Length - time.GetElapsedTime(window.Start, now));
        }
    }

    /// <summary>How long <paramref name="client"/> has to wait when <paramref name="limit"/> is used up; null when it is not.</summary>
    public TimeSpan? WaitOf(RateClient client, int limit)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            DropEnded(now);
            return _windows.TryGetValue(client, out var window) && window.Used >= limit ? Length - time.GetElapsedTime(window.Start, now) : null;
        }
    }

    private void DropEnded(long now)
    {
        while (_order.TryPeek(out var oldest) && time.GetElapsedTime(_windows[oldest].Start, now) >= Length)
        {
            _windows.Remove(_order.Dequeue());
        }
    }

    private sealed class Window(long start)
    {
        public long Start { get; } = start;

        public int Used { get; set; }
    }
}

/// <summary>The answer to one request's wish to be served.</summary>
/// <param name="IsGranted">False: the limit is used up.</param>
/// <param name="Limit">Requests per window.</param>
/// <param name="Remaining">Requests left in this window.</param>
/// <param name="ResetsIn">When the window ends: more than 0, at most its length.</param>
internal readonly record struct RateLease(bool IsGranted, int Limit, int Remaining, TimeSpan ResetsIn)
{
    /// <summary>Whole seconds after which the client is served again: 1 to the window's length.</summary>
    public int ResetSeconds => Math.Max(1, (int)Math.Ceiling(ResetsIn.TotalSeconds));
}
