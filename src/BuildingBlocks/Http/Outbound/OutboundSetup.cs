using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;

namespace Modular.BuildingBlocks.Http.Outbound;

/// <summary>Adds the one client for URLs that clients name.</summary>
public static class OutboundSetup
{
    public static void AddOutbound(this IHostApplicationBuilder builder, Settings settings)
    {
        var services = builder.Services;
        services.AddSingleton(OutboundOptions.Read(settings));
        services.AddSingleton(OutboundLimits.Default);
        services.AddSingleton<HostResolver>(_ => Dns.GetHostAddressesAsync);
        services.AddSingleton<OutboundGuard>();
        services.AddSingleton(provider => new OutboundClient(
            provider.GetRequiredService<OutboundGuard>(), provider.GetRequiredService<OutboundLimits>(), provider.GetRequiredService<TimeProvider>()));
    }
}
