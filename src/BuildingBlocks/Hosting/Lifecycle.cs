using Microsoft.Extensions.Hosting;

namespace Modular.BuildingBlocks.Hosting;

/// <summary>Where the process is between start and stop; readiness, submission and whatever waits long ask it.</summary>
public sealed class Lifecycle(IHostApplicationLifetime host)
{
    public LifecyclePhase Phase =>
        host.ApplicationStopping.IsCancellationRequested ? LifecyclePhase.Draining
        : host.ApplicationStarted.IsCancellationRequested ? LifecyclePhase.Running
        : LifecyclePhase.Starting;

    /// <summary>Fires when the process is asked to stop: what waits for something to happen answers now.</summary>
    public CancellationToken Stopping => host.ApplicationStopping;
}

/// <summary>A phase of the process.</summary>
public enum LifecyclePhase
{
    Starting,
    Running,
    Draining,
}
