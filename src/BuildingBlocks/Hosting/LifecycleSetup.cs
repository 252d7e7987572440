using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Modular.BuildingBlocks.Hosting;

/// <summary>How the process starts and stops.</summary>
public static class LifecycleSetup
{
    public static void AddLifecycle(this IHostApplicationBuilder builder, ShutdownOptions options)
    {
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<Lifecycle>();
        builder.Services.AddSingleton<IHostLifetime, SignalLifetime>();
        builder.Services.AddHostedService<Draining>();
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = options.Patience;
            // Requests in flight and running jobs end side by side, within one timeout.
            host.ServicesStopConcurrently = true;
        });
    }
}
