using System.Text.Json;
using Modular.Jobs.Domain;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Jobs;

/// <summary>JSON that PostgreSQL's jsonb would refuse is found, with its place; all else passes.</summary>
public sealed class StorableJsonTests
{
    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"a":[1,-2.5,1e30,true,null,"text"],"b":{"c":"\u0001\ud83d\ude00"}}""")]
    [InlineData("""{"number":123456789012345678901234567890}""")]
    [InlineData("""{"tiny":1e-300}""")]
    public void What_jsonb_takes_is_no_problem(string json) => Find(json).ShouldBeNull();

    [Theory]
    [InlineData("""{"a":"x\u0000y"}""", "payload.a")]
    [InlineData("""{"a":{"b":["ok","\u0000"]}}""", "payload.a.b[1]")]
    [InlineData("""{"a":"\ud800"}""", "payload.a")]
    [InlineData("""{"a":"\udc00x"}""", "payload.a")]
    [InlineData("""{"a":[[{"b":"\ud83d!"}]]}""", "payload.a[0][0].b")]
    [InlineData("""{"a\u0000":1}""", "payload")]
    [InlineData("""{"a":{"\ud800":1}}""", "payload.a")]
    [InlineData("""{"a":1e1001}""", "payload.a")]
    [InlineData("""{"a":1e-1001}""", "payload.a")]
    [InlineData("""{"a":1e999999999999}""", "payload.a")]
    public void What_jsonb_refuses_is_named(string json, string path) => Find(json)!.Value.Path.ShouldBe(path);

    [Fact]
    public void A_number_of_more_digits_than_anybody_needs_is_refused()
    {
        Find($$"""{"a":{{new string('9', 400)}}}""").ShouldBeNull();
        Find($$"""{"a":{{new string('9', 401)}}}""")!.Value.Path.ShouldBe("payload.a");
    }

    private static (string Path, string Message)? Find(string json)
    {
        using var document = JsonDocument.Parse(json);
        return StorableJson.FindProblem(document.RootElement, "payload");
    }
}
