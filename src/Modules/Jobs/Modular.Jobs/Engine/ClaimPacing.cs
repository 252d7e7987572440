namespace Modular.Jobs.Engine;

/// <summary>When the next claim is worth its round trip.</summary>
internal sealed class ClaimPacing(TimeProvider time)
{
    private static readonly TimeSpan MaxPause = TimeSpan.FromMilliseconds(20);

    private readonly WakeSignal _wake = new();
    private volatile bool _nothingWaits;
    private int _inVain;

    /// <summary>Jobs became queued somewhere, or signals may have been missed.</summary>
    public void Wake()
    {
        _nothingWaits = false;
        _wake.Set();
    }

    /// <summary>A slot became free. After a claim in vain only a signal, or the poll, brings something: to ask at the end of each single job would be in vain too.</summary>
    public void WakeForSlot()
    {
        if (!_nothingWaits)
        {
            _wake.Set();
        }
    }

    /// <summary>A claim is about to be sent. A signal that comes while it is under way is not forgotten.</summary>
    public void Begin() => _nothingWaits = true;

    /// <summary>
    /// The claim brought so many. While jobs trickle in, a claim for each would commit as often as their submissions do and slow those down: the first is claimed at
    /// once, and the next claim waits twice as long as that one took, and longer with every claim in vain: what is submitted goes to paused queues, or to other replicas.
    /// </summary>
    public async Task EndAsync(long began, int claimed, int wanted, CancellationToken cancellationToken)
    {
        if (claimed > 0)
        {
            _nothingWaits = false;
        }

        _inVain = claimed == 0 ? _inVain + 1 : 0;
        if (claimed < wanted / 4)
        {
            var pause = time.GetElapsedTime(began) * Math.Pow(2, 1 + Math.Min(_inVain, 10));
            await Task.Delay(pause < MaxPause ? pause : MaxPause, time, cancellationToken);
        }
    }

    /// <summary>True: somebody woke it. False: <paramref name="longest"/> is over.</summary>
    public Task<bool> WaitAsync(TimeSpan longest, CancellationToken cancellationToken) => _wake.WaitAsync(longest, cancellationToken);
}
