using System.Net;
using Microsoft.Extensions.Time.Testing;
using Modular.BuildingBlocks.Http.Limits;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Http;

public sealed class FixedWindowsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void A_client_gets_its_limit_and_then_the_exact_time_to_wait()
    {
        var windows = new FixedWindows(_time);
        for (var left = 2; left >= 0; left--)
        {
            windows.Take(Client("192.0.2.1"), 3).ShouldBe(new RateLease(true, 3, left, TimeSpan.FromSeconds(60 - (10 * (2 - left)))));
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        var refused = windows.Take(Client("192.0.2.1"), 3);
        (refused.IsGranted, refused.Remaining, refused.ResetSeconds).ShouldBe((false, 0, 30));
        _time.Advance(TimeSpan.FromSeconds(29.5));
        windows.Take(Client("192.0.2.1"), 3).ResetSeconds.ShouldBe(1, "Never 0: that would mean now.");
        _time.Advance(TimeSpan.FromSeconds(0.5));
        windows.Take(Client("192.0.2.1"), 3).ShouldBe(new RateLease(true, 3, 2, TimeSpan.FromSeconds(60)), "Refused requests were not counted against the next window.");
    }

    [Fact]
    public void What_is_announced_holds_at_every_moment_of_a_window()
    {
        var windows = new FixedWindows(_time);
        var random = new Random(20260131);
        for (var round = 0; round < 2_000; round++)
        {
            var lease = windows.Take(Client("192.0.2.1"), 5);
            lease.ResetSeconds.ShouldBeInRange(1, 60);
            if (!lease.IsGranted)
            {
                _time.Advance(TimeSpan.FromSeconds(lease.ResetSeconds));
                windows.Take(Client("192.0.2.1"), 5).IsGranted.ShouldBeTrue("Retry-After is over.");
            }

            _time.Advance(TimeSpan.FromMilliseconds(random.Next(0, 9_000)));
        }
    }

    [Fact]
    public void Clients_do_not_share()
    {
        var windows = new FixedWindows(_time);
        windows.Take(Client("192.0.2.1"), 1).IsGranted.ShouldBeTrue();
        windows.Take(Client("192.0.2.2"), 1).IsGranted.ShouldBeTrue();
        windows.Take(new RateClient(default, "key"), 1).IsGranted.ShouldBeTrue();
        windows.Take(Client("192.0.2.1"), 1).IsGranted.ShouldBeFalse();
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("::ffff:192.0.2.1", "::ffff:192.0.2.2", false)]
    public void A_network_of_64_bits_is_one_client_of_IPv6(string one, string other, bool same) => (Client(one) == Client(other)).ShouldBe(same);

    [Fact]
    public void Memory_is_bounded_however_many_clients_come()
    {
        var windows = new FixedWindows(_time, capacity: 100);
        for (var client = 0; client < 10_000; client++)
        {
            windows.Take(new RateClient((UInt128)client, null), 1);
            windows.Count.ShouldBeLessThanOrEqualTo(100);
        }

        windows.Take(new RateClient(9_999, null), 1).IsGranted.ShouldBeFalse("The latest are the ones that are remembered.");
        _time.Advance(FixedWindows.Length);
        windows.Take(new RateClient(1, null), 1).IsGranted.ShouldBeTrue();
        windows.Count.ShouldBe(1, "Windows that ended are gone, not kept until there is no room.");
    }

    [Fact]
    public void A_limit_holds_among_threads()
    {
        var windows = new FixedWindows(_time);
        var granted = 0;
        Parallel.For(0, 10_000, _ =>
        {
            if (windows.Take(Client("192.0.2.1"), 1_234).IsGranted)
            {
                Interlocked.Increment(ref granted);
            }
        });
        granted.ShouldBe(1_234);
    }

    private static RateClient Client(string address) => RateClient.Of(IPAddress.Parse(address));
}
