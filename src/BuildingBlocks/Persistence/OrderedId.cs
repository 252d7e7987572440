namespace Modular.BuildingBlocks.Persistence;

/// <summary>
/// UUIDv7 in the order of time below the millisecond too: <c>rand_a</c> holds the rest of the millisecond in units of 1/4096
/// (RFC 9562, section 6.2, method 3). Plain version 7 puts two ids of one millisecond in a random order.
/// </summary>
public static class OrderedId
{
    public static Guid At(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(time).TryWriteBytes(bytes, bigEndian: true, out _);
        var rest = (int)(time.Ticks % TimeSpan.TicksPerMillisecond * 4096 / TimeSpan.TicksPerMillisecond);
        bytes[6] = (byte)(0x70 | (rest >> 8));
        bytes[7] = (byte)rest;
        return new Guid(bytes, bigEndian: true);
    }
}
