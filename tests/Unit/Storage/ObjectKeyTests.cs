using System.Text;
using Modular.Storage.Domain;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage;

public sealed class ObjectKeyTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("a/b/c.txt")]
    [InlineData("...")]
    [InlineData(".hidden/..name/name..")]
    [InlineData("with space & signs !$'()*+,;=:@~")]
    [InlineData("%2F%2e%2e")]
    [InlineData("ünï/码/🎉")]
    public void Text_that_is_a_key_is_taken_as_it_is(string text)
    {
        ObjectKey.TryParse(text, out var key, out var problem).ShouldBeTrue(problem);
        key!.Value.ShouldBe(text);
    }

    [Theory]
    [InlineData(null, "1 to 1024 bytes")]
    [InlineData("", "1 to 1024 bytes")]
    [InlineData("/a", "segments")]
    [InlineData("a/", "segments")]
    [InlineData("a//b", "segments")]
    [InlineData("/", "segments")]
    [InlineData(".", "segments")]
    [InlineData("..", "segments")]
    [InlineData("a/./b", "segments")]
    [InlineData("a/../b", "segments")]
    [InlineData("../../etc/passwd", "segments")]
    [InlineData("a\\b", "backslash")]
    [InlineData("a\u0000b", "control")]
    [InlineData("a\nb", "control")]
    [InlineData("a\u007fb", "control")]
    [InlineData("a\u0085b", "control")]
    [InlineData("e\u0301", "NFC")]
    public void Text_that_is_no_key_is_refused(string? text, string reason)
    {
        ObjectKey.TryParse(text, out var key, out var problem).ShouldBeFalse();
        key.ShouldBeNull();
        problem!.ShouldContain(reason);
    }

    [Theory]
    [InlineData("a/b", "a/b")]
    [InlineData("a%20b", "a b")]
    [InlineData("%C3%BC", "ü")]
    [InlineData("%f0%9f%8e%89", "🎉")]
    [InlineData("a+b", "a+b")]
    [InlineData("100%25", "100%")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("a%3Fb%23c", "a?b#c")]
    public void An_encoded_key_is_decoded_once(string encoded, string expected)
    {
        ObjectKey.TryParseEncoded(encoded, out var key, out var problem).ShouldBeTrue(problem);
        key!.Value.ShouldBe(expected);
    }

    [Theory]
    [InlineData("a%2Fb", "slash")]
    [InlineData("a%2fb", "slash")]
    [InlineData("a%5Cb", "backslash")]
    [InlineData("a%5cb", "backslash")]
    [InlineData("a\\b", "backslash")]
    [InlineData("%2e%2e/b", "segments")]
    [InlineData("a/%2E/b", "segments")]
    [InlineData(".%2e/b", "segments")]
    [InlineData("..%2Fb", "slash")]
    [InlineData("a/%00", "control")]
    [InlineData("a%0D%0Ab", "control")]
    [InlineData("%FF", "UTF-8")]
    [InlineData("%C0%AF", "UTF-8")]
    [InlineData("%E0%80%AF", "UTF-8")]
    [InlineData("%ED%A0%80", "UTF-8")]
    [InlineData("%F4%90%80%80", "UTF-8")]
    [InlineData("e%CC%81", "NFC")]
    [InlineData("%", "percent-encoded")]
    [InlineData("a%2", "percent-encoded")]
    [InlineData("a%zz", "percent-encoded")]
    [InlineData("a%+1", "percent-encoded")]
    [InlineData("ü", "percent-encoded")]
    [InlineData("", "1 to 1024 bytes")]
    public void A_hostile_encoding_is_refused(string encoded, string reason)
    {
        ObjectKey.TryParseEncoded(encoded, out _, out var problem).ShouldBeFalse();
        problem!.ShouldContain(reason);
    }

    // Not among the rows above: an attribute cannot hold half a character.
    [Fact]
    public void Half_a_character_is_refused()
    {
        ObjectKey.TryParse("a\ud800b", out _, out var problem).ShouldBeFalse();
        problem!.ShouldContain("Unicode");
    }

    [Fact]
    public void The_limit_counts_bytes_of_UTF_8()
    {
        ObjectKey.TryParse(new string('a', 1024), out _, out _).ShouldBeTrue();
        ObjectKey.TryParse(new string('a', 1025), out _, out var problem).ShouldBeFalse();
        problem!.ShouldContain("1 to 1024 bytes");
        ObjectKey.TryParse(new string('ü', 512), out _, out _).ShouldBeTrue();
        ObjectKey.TryParse(new string('ü', 513), out _, out _).ShouldBeFalse();
        ObjectKey.TryParse(new string('a', 1_000_000), out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void Whatever_is_accepted_stays_what_it_was_and_inside_the_rule() =>
        CsCheck.Check.Sample(CsCheck.Gen.String, text =>
        {
            if (!ObjectKey.TryParse(text, out var key, out _))
            {
                return;
            }

            key!.Value.ShouldBe(text);
            Encoding.UTF8.GetByteCount(text).ShouldBeInRange(1, ObjectKey.MaxBytes);
            text.Split('/').ShouldAllBe(segment => segment.Length > 0 && segment != "." && segment != "..");
            var encoded = string.Join('/', text.Split('/').Select(Uri.EscapeDataString));
            ObjectKey.TryParseEncoded(encoded, out var again, out var problem).ShouldBeTrue(problem);
            again.ShouldBe(key);
        });
}
