namespace Modular.BuildingBlocks.Hosting;

/// <summary>Where the process is between start and stop; readiness and submission ask it.</summary>
public sealed class Lifecycle
{
    private volatile LifecyclePhase _phase = LifecyclePhase.Starting;

    public LifecyclePhase Phase => _phase;

    public void MarkStarted()
    {
        if (_phase == LifecyclePhase.Starting)
        {
            _phase = LifecyclePhase.Running;
        }
    }

    public void MarkDraining() => _phase = LifecyclePhase.Draining;
}

/// <summary>A phase of the process.</summary>
public enum LifecyclePhase
{
    Starting,
    Running,
    Draining,
}
