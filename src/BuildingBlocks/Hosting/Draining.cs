using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Modular.BuildingBlocks.Hosting;

/// <summary>
/// Between the signal and the close of the listener: readiness already says 503, and load balancers have the delay to see it. Without it a Host
/// refuses connections at once, and whoever was just routed here gets an error.
/// </summary>
internal sealed partial class Draining(ShutdownOptions options, TimeProvider time, ILogger<Draining> logger) : IHostedLifecycleService
{
    private long _began;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        Started(logger, BuildInfo.Version, BuildInfo.Commit);
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        _began = time.GetTimestamp();
        Stopping(logger, options.Delay.TotalSeconds, options.Timeout.TotalSeconds);
        return Task.Delay(options.Delay, time, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Stopped(logger, time.GetElapsedTime(_began).TotalSeconds);
        return Task.CompletedTask;
    }

    [LoggerMessage(40, LogLevel.Information, "Modular {Version} ({Commit}) is started")]
    private static partial void Started(ILogger logger, string version, string commit);

    [LoggerMessage(41, LogLevel.Information, "Stopping: not ready from now on; the listener closes in {Delay} s, and all is over in {Timeout} s")]
    private static partial void Stopping(ILogger logger, double delay, double timeout);

    [LoggerMessage(42, LogLevel.Information, "Stopped after {Seconds:0.0} s")]
    private static partial void Stopped(ILogger logger, double seconds);
}

/// <summary>How HTTP drains.</summary>
internal static class DrainingConnections
{
    /// <summary>Answers close their connections while the process drains, so that no client sends its next request into the closing listener.</summary>
    public static void UseDraining(this WebApplication app)
    {
        var lifecycle = app.Services.GetRequiredService<Lifecycle>();
        app.Use((context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                if (lifecycle.Phase == LifecyclePhase.Draining)
                {
                    context.Response.Headers.Connection = "close";
                }

                return Task.CompletedTask;
            });
            return next(context);
        });
    }
}
