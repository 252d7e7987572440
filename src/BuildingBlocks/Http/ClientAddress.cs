using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Modular.BuildingBlocks.Http;

/// <summary>
/// Finds the client behind the proxies. Each of ours appended the address that it saw, so the list is read from the right while its speakers are trusted;
/// what stands further left came from outside and may be invented.
/// </summary>
internal static class ClientAddress
{
    public static void UseClientAddress(this WebApplication app)
    {
        var proxies = app.Services.GetRequiredService<HttpOptions>().Proxies;
        app.Use((context, next) =>
        {
            var connection = context.Connection;
            if (connection.RemoteIpAddress is { } peer)
            {
                // A dual-stack listener shows IPv4 clients as ::ffff:a.b.c.d; settings, logs and limits know them as a.b.c.d.
                connection.RemoteIpAddress = peer = Plain(peer);
                if (proxies.Trusts(peer))
                {
                    var (client, hops) = Walk(peer, ItemsOf(context.Request, proxies.ClientHeader), proxies);
                    connection.RemoteIpAddress = client;
                    var schemes = ItemsOf(context.Request, "X-Forwarded-Proto");
                    if (schemes.Length > 0 && schemes[^Math.Clamp(hops, 1, schemes.Length)] is "http" or "https")
                    {
                        context.Request.Scheme = schemes[^Math.Clamp(hops, 1, schemes.Length)];
                    }
                }
            }

            return next(context);
        });
    }

    private static (IPAddress Client, int Hops) Walk(IPAddress peer, string[] said, ProxyOptions proxies)
    {
        var hops = 0;
        while (hops < said.Length && proxies.Trusts(peer) && Parse(said[^(hops + 1)]) is { } before)
        {
            peer = before;
            hops++;
        }

        return (peer, hops);
    }

    private static string[] ItemsOf(HttpRequest request, string header) =>
        string.Join(',', request.Headers[header].ToArray()).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    // Some proxies add the port.
    private static IPAddress? Parse(string text) => IPEndPoint.TryParse(text, out var endPoint) ? Plain(endPoint.Address) : null;

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
