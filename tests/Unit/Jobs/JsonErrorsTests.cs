using System.Text.Json;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Input;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Jobs;

/// <summary>The path and the words for a JSON body that does not fit.</summary>
public sealed class JsonErrorsTests
{
    [Theory]
    [InlineData("""{"type":1}""", "type", "must be a string")]
    [InlineData("""{"type":"a","priority":"high"}""", "priority", "must be a whole number")]
    [InlineData("""{"type":"a","priority":1.5}""", "priority", "must be a whole number")]
    [InlineData("""{"type":"a","priority":99999999999}""", "priority", "must be a whole number")]
    [InlineData("""{"type":"a","delaySeconds":[]}""", "delaySeconds", "must be a whole number")]
    [InlineData("""{"type":"a","runAt":"tomorrow"}""", "runAt", "must be an ISO 8601 time such as 2026-01-31T08:00:00Z")]
    [InlineData("""{"type":"a","tags":"demo"}""", "tags", "must be an array")]
    [InlineData("""{"type":"a","tags":["demo",7]}""", "tags[1]", "must be a string")]
    [InlineData("""{"type":"a","metadata":{"ticket":42}}""", "metadata.ticket", "must be a string")]
    [InlineData("""{"type":"a","metadata":[]}""", "metadata", "must be an object of strings")]
    [InlineData("""{"type":"a","backoff":{"kind":"linear"}}""", "backoff.kind", "must be exponential or fixed")]
    [InlineData("""{"type":"a","backoff":{"kind":1}}""", "backoff.kind", "must be exponential or fixed")]
    [InlineData("""{"type":"a","backoff":5}""", "backoff", "must be an object")]
    [InlineData("""{"type":"a","surprise":1}""", "surprise", "is not a known member")]
    [InlineData("""{"type":"a","backoff":{"surprise":1}}""", "backoff.surprise", "is not a known member")]
    [InlineData("""{"type":"a","type":"b"}""", "type", "is given twice")]
    [InlineData("""{"type":"a","payload":{"x":1,"x":2}}""", "payload.x", "is given twice")]
    [InlineData("""{"type":"a","backoff":{"baseSeconds":1,"baseSeconds":2}}""", "backoff.baseSeconds", "is given twice")]
    public void A_member_that_does_not_fit_is_named_in_the_clients_words(string json, string path, string words) =>
        Describe(json).ShouldBe((path, words));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"type":"a",}""")]
    [InlineData("""{"type":'a'}""")]
    [InlineData("""{"type":"a"} {}""")]
    public void What_is_no_JSON_is_the_bodys_own_fault(string json)
    {
        var (path, words) = Describe(json);

        path.ShouldBe("$");
        words.ShouldStartWith("is not well-formed JSON (line 1, byte ");
    }

    [Fact]
    public void A_text_with_half_a_surrogate_pair_is_named() =>
        Describe("""{"type":"a","tags":["x","\ud800"]}""").ShouldBe(("tags[1]", "must be a string"));

    [Fact]
    public void A_part_of_a_body_is_named_with_its_prefix()
    {
        var problem = Should.Throw<JsonException>(() => JsonSerializer.Deserialize<JobInput>("""{"queue":1}""", Json.Options));

        JsonErrors.Describe(problem, "jobs[3]").Keys.ShouldHaveSingleItem().ShouldBe("jobs[3].queue");
    }

    private static (string Path, string Words) Describe(string json)
    {
        var problem = Should.Throw<JsonException>(() => JsonSerializer.Deserialize<JobInput>(json, Json.Options));
        var (path, words) = JsonErrors.Describe(problem).ShouldHaveSingleItem();
        return (path, words.ShouldHaveSingleItem());
    }
}
