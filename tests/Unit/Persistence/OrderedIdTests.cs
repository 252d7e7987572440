using Modular.BuildingBlocks.Persistence;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Persistence;

public sealed class OrderedIdTests
{
    private static readonly DateTimeOffset Millisecond = new(2026, 11, 23, 12, 0, 0, 123, TimeSpan.Zero);

    [Fact]
    public void Ids_of_one_millisecond_are_in_the_order_of_their_times()
    {
        var ids = Enumerable.Range(0, 3_333).Select(step => OrderedId.At(Millisecond.AddTicks(3 * step))).ToArray();
        ids.ShouldBe(ids.Order());
    }

    [Fact]
    public void The_last_of_a_millisecond_is_before_the_first_of_the_next() =>
        OrderedId.At(Millisecond.AddTicks(TimeSpan.TicksPerMillisecond - 1)).ShouldBeLessThan(OrderedId.At(Millisecond.AddMilliseconds(1)));

    [Fact]
    public void It_is_a_UUID_of_version_7_with_its_time_and_unique()
    {
        var id = OrderedId.At(Millisecond);
        (id.Version, id.Variant is >= 8 and <= 11).ShouldBe((7, true));
        Convert.ToInt64(id.ToString("N")[..12], 16).ShouldBe(Millisecond.ToUnixTimeMilliseconds());
        OrderedId.At(Millisecond).ShouldNotBe(id);
    }
}
