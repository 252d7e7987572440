using System.Text;
using CsCheck;
using Modular.Jobs.Persistence;
using Npgsql;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Jobs;

/// <summary>Ids survive their way through NOTIFY, and no payload grows to where PostgreSQL rolls the transaction back.</summary>
public sealed class SignalsTests
{
    private const int NotifyLimit = 8000;

    [Fact]
    public void Ids_come_out_as_they_went_in() =>
        Gen.Guid.Array[0, 1500].Sample(ids => Payloads(ids).SelectMany(payload => Signals.Read(payload).Ids).SequenceEqual(ids), iter: 200);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(358, 1)]
    [InlineData(359, 2)]
    [InlineData(1000, 3)]
    public void Payloads_stay_below_the_limit_of_NOTIFY(int jobs, int expected)
    {
        var payloads = Payloads([.. Enumerable.Range(0, jobs).Select(_ => Guid.CreateVersion7())]);

        payloads.Length.ShouldBe(expected);
        payloads.ShouldAllBe(payload => Encoding.UTF8.GetByteCount(payload) < NotifyLimit);
    }

    [Fact]
    public void A_payload_that_is_cut_short_gives_the_ids_that_are_whole()
    {
        var ids = new[] { Guid.CreateVersion7(), Guid.CreateVersion7() };
        var payload = Payloads(ids).Single();

        Signals.Read(payload[..^1]).Ids.ShouldBe([ids[0]]);
        Signals.Read("").Ids.ShouldBeEmpty();
    }

    [Fact]
    public void A_payload_names_who_knows_already()
    {
        var sender = Guid.NewGuid();
        var ready = (NpgsqlParameter<string>)Signals.NotifyReady(sender).Parameters[0];
        var changed = (NpgsqlParameter<string>)Signals.NotifyChanged([Guid.CreateVersion7()], sender).Single().Parameters[0];

        Signals.Read(ready.TypedValue!).Sender.ShouldBe(sender);
        Signals.Read(changed.TypedValue!).Sender.ShouldBe(sender);
    }

    private static string[] Payloads(Guid[] ids) =>
        [.. Signals.NotifyChanged(ids).Select(command => ((NpgsqlParameter<string>)command.Parameters[0]).TypedValue!)];
}
