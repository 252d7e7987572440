using Microsoft.Extensions.Hosting;

namespace Modular.Health.Probing;

/// <summary>How long this Host has run. A hosted service, so that it counts from the start and not from the first question.</summary>
internal sealed class ProcessClock(TimeProvider time) : IHostedService
{
    private readonly long _startedAt = time.GetTimestamp();

    public TimeSpan Uptime => time.GetElapsedTime(_startedAt);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
