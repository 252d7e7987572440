using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Modular.BuildingBlocks.Http.Limits;

/// <summary>Who shares one allowance: an address (of IPv6 its /64, the least that a customer of a provider gets), or a key that has its own.</summary>
internal readonly record struct RateClient(UInt128 Network, string? KeyId)
{
    private static readonly UInt128 Upper64 = UInt128.MaxValue << 64;

    /// <summary>By key when the caller's key has a rate of its own, else by address.</summary>
    public static RateClient Of(HttpContext context, out int? ownPerMinute)
    {
        ownPerMinute = null;
        var caller = context.User;
        if (caller.FindFirst(RateLimits.OwnRateClaim) is { } rate && caller.FindFirst(System.Security.Claims.ClaimTypes.NameIdentifier) is { } id)
        {
            ownPerMinute = int.Parse(rate.Value, CultureInfo.InvariantCulture);
            return new RateClient(default, id.Value);
        }

        return Of(context.Connection.RemoteIpAddress);
    }

    public static RateClient Of(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        var number = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return new RateClient(address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6 ? number : number & Upper64, null);
    }
}
