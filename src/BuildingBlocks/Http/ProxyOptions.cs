using System.Net;
using Modular.BuildingBlocks.Configuration;
using IPNetwork = System.Net.IPNetwork;

namespace Modular.BuildingBlocks.Http;

/// <summary>Whose word about the client's address is believed.</summary>
/// <param name="Trusted">The networks of the proxies in front.</param>
/// <param name="ClientHeader">Where they write the client's address.</param>
public sealed record ProxyOptions(IReadOnlyList<IPNetwork> Trusted, string ClientHeader)
{
    internal static ProxyOptions Read(Settings settings)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in settings.List("TRUSTED_PROXIES", "addresses or CIDRs of the proxies in front; only their CLIENT_IP_HEADER and X-Forwarded-Proto are believed"))
        {
            if (Parse(text) is { } network)
            {
                networks.Add(network);
            }
            else
            {
                settings.AddProblem($"TRUSTED_PROXIES has \"{text}\": it must be an address or a CIDR such as 10.0.0.0/8");
            }
        }

        var header = settings.Text("CLIENT_IP_HEADER", "X-Forwarded-For", "where the proxies write the client's address: X-Forwarded-For (read from the right), or a header with one address such as X-Real-IP")!;
        if (header.Length > 100 || !header.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            settings.AddProblem($"CLIENT_IP_HEADER is \"{header}\": it must be the name of a header");
        }

        return new ProxyOptions(networks, header);
    }

    /// <summary>Is this a proxy of ours?</summary>
    internal bool Trusts(IPAddress address) => Trusted.Any(network => network.Contains(address));

    private static IPNetwork? Parse(string text)
    {
        var (address, length) = text.Split('/', 2) is [var a, var l] ? (a, l) : (text, null);
        if (!IPAddress.TryParse(address, out var parsed))
        {
            return null;
        }

        var bits = parsed.GetAddressBytes().Length * 8;
        return length is null ? new IPNetwork(parsed, bits) : IPNetwork.TryParse(text, out var network) ? network : null;
    }
}
