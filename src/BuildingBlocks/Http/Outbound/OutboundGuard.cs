using System.Net;
using System.Net.Sockets;

namespace Modular.BuildingBlocks.Http.Outbound;

/// <summary>Asks the resolver for a host's addresses.</summary>
internal delegate Task<IPAddress[]> HostResolver(string host, CancellationToken cancellationToken);

/// <summary>
/// Opens connections, to allowed addresses only. A name is resolved once, here, and the connection goes to the very addresses that were judged: a name that
/// means another address a moment later changes nothing.
/// </summary>
internal sealed class OutboundGuard(OutboundOptions options, HostResolver resolve)
{
    /// <exception cref="OutboundRefusedException">The host is, or one of its addresses is, neither public nor allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(DnsEndPoint target, CancellationToken cancellationToken)
    {
        // The resolver throws at 0.0.0.0 and ::, which are refusals like others.
        var addresses = IPAddress.TryParse(target.Host, out var literal) ? [literal] : await resolve(target.Host, cancellationToken);
        // One that is not allowed among others refuses them all: which one is tried would be chance.
        if (!options.Allows(target.Host) && !addresses.All(IsAllowed))
        {
            // Not the address: whoever asks must not learn the inside of this network from it.
            throw new OutboundRefusedException($"The host {target.Host} does not lead to a public address; the operator may allow it with OUTBOUND_ALLOW.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            // Tries one after the other.
            await socket.ConnectAsync(addresses, target.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool IsAllowed(IPAddress address)
    {
        // ::ffff:127.0.0.1 is 127.0.0.1 in other clothes.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return PublicAddress.IsPublic(plain) || options.Allows(plain);
    }
}

/// <summary>The call may not be made, now or later.</summary>
public sealed class OutboundRefusedException(string message, Exception? innerException = null) : Exception(message, innerException);
