namespace Modular.Health.Probing;

/// <summary>How long this Host has run.</summary>
internal sealed class ProcessClock(TimeProvider time)
{
    private readonly long _startedAt = time.GetTimestamp();

    public TimeSpan Uptime => time.GetElapsedTime(_startedAt);
}
