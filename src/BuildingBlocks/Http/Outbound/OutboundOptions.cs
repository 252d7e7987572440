using System.Net;
using Modular.BuildingBlocks.Configuration;
using IPNetwork = System.Net.IPNetwork;

namespace Modular.BuildingBlocks.Http.Outbound;

/// <summary>Where calls that clients ask for may go although it is not public.</summary>
/// <param name="Hosts">Names, in lower case, whatever they resolve to.</param>
/// <param name="Networks">Networks, whoever names them.</param>
public sealed record OutboundOptions(IReadOnlyList<string> Hosts, IReadOnlyList<IPNetwork> Networks)
{
    public static OutboundOptions Read(Settings settings)
    {
        var hosts = new List<string>();
        var networks = new List<IPNetwork>();
        foreach (var text in settings.List("OUTBOUND_ALLOW", "hosts, addresses or CIDRs that outbound calls (http.call, object.import) may reach although they are private"))
        {
            if (ParseNetwork(text) is { } network)
            {
                networks.Add(network);
            }
            else if (Uri.CheckHostName(text) == UriHostNameType.Dns)
            {
                hosts.Add(Plain(text));
            }
            else
            {
                settings.AddProblem($"OUTBOUND_ALLOW has \"{text}\": it must be a host's name, an address or a CIDR such as 10.1.0.0/16");
            }
        }

        return new OutboundOptions(hosts, networks);
    }

    internal bool Allows(string host) => Hosts.Contains(Plain(host), StringComparer.Ordinal);

    internal bool Allows(IPAddress address) => Networks.Any(network => network.Contains(address));

    // A name with a dot at its end is the same name.
    private static string Plain(string host) => host.TrimEnd('.').ToLowerInvariant();

    private static IPNetwork? ParseNetwork(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}
