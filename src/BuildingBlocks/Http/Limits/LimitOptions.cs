using Modular.BuildingBlocks.Configuration;

namespace Modular.BuildingBlocks.Http.Limits;

/// <summary>How much one client may ask of one replica; 0 is no limit.</summary>
/// <param name="PerMinute">Requests a minute.</param>
/// <param name="ExpensivePerMinute">Of these, requests of routes that are marked expensive.</param>
/// <param name="StreamsPerClient">Event streams that are open at once.</param>
public sealed record LimitOptions(int PerMinute, int ExpensivePerMinute, int StreamsPerClient)
{
    internal static LimitOptions Read(Settings settings) => new(
        settings.WholeNumber("RATE_LIMIT_PER_MINUTE", 100, 0, 1_000_000, "requests a minute, per client address and replica; 0: no limit"),
        settings.WholeNumber("RATE_LIMIT_EXPENSIVE_PER_MINUTE", 10, 0, 1_000_000, "the same for expensive routes: batches, forms, uploads, sign-ins, new keys; 0: no limit"),
        settings.WholeNumber("MAX_STREAMS_PER_CLIENT", 20, 0, 100_000, "event streams open at once, per client address and replica; 0: no limit"));
}
