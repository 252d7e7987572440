using System.Text;
using Modular.Storage.Domain;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage;

public sealed class KeyRangeTests
{
    [Theory]
    [InlineData("a", "b")]
    [InlineData("in/", "in0")]
    [InlineData("a\ud7ff", "a\ue000")]
    [InlineData("a\uffff", "a\U00010000")]
    [InlineData("a\U0010ffff", "b")]
    [InlineData("\U0010ffff", null)]
    [InlineData("", null)]
    public void A_prefix_ends_where_no_key_starts_with_it_any_more(string prefix, string? end) =>
        KeyRange.StartingWith(prefix).ShouldBe(new KeyRange(prefix, end));

    [Fact]
    public void A_key_lies_in_the_range_of_a_prefix_exactly_when_it_starts_with_it() =>
        CsCheck.Check.Sample(CsCheck.Gen.Select(Valid, Valid, Valid), (prefix, rest, other) =>
        {
            Contains(prefix, prefix + rest).ShouldBeTrue();
            Contains(prefix, other).ShouldBe(other.StartsWith(prefix, StringComparison.Ordinal));
        });

    private static readonly CsCheck.Gen<string> Valid =
        CsCheck.Gen.String[CsCheck.Gen.Char["ab/ü\ud7ff\ue000\uffff"], 0, 4];

    private static bool Contains(string prefix, string key)
    {
        var range = KeyRange.StartingWith(prefix);
        return Compare(key, range.From) >= 0 && (range.To is null || Compare(key, range.To) < 0);
    }

    private static int Compare(string left, string right) => Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right));
}
