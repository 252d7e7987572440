using Microsoft.Extensions.Configuration;
using Modular.BuildingBlocks.Configuration;
using Modular.Ops;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Ops;

public sealed class OpsOptionsTests
{
    private const string LongKey = "0123456789abcdef0123456789abcdef";

    [Fact]
    public void Production_without_a_key_does_not_start()
    {
        var (_, problems) = Read(isDevelopment: false);

        problems.ShouldBe(["ADMIN_API_KEY is required in Production unless AUTH_DISABLED=true"]);
    }

    [Fact]
    public void A_short_key_is_refused_without_being_shown()
    {
        var (_, problems) = Read(isDevelopment: true, ("ADMIN_API_KEY", "short-and-secret"));

        problems.ShouldHaveSingleItem().ShouldBe("ADMIN_API_KEY has 16 characters: it must have at least 32");
    }

    [Fact]
    public void Development_without_a_key_is_open_and_with_one_is_not()
    {
        Read(isDevelopment: true).Options.IsOpen.ShouldBeTrue();
        Read(isDevelopment: true, ("ADMIN_API_KEY", LongKey)).Options.IsOpen.ShouldBeFalse();
    }

    [Fact]
    public void Production_is_open_only_when_told_so()
    {
        Read(isDevelopment: false, ("ADMIN_API_KEY", LongKey)).Options.IsOpen.ShouldBeFalse();
        var (options, problems) = Read(isDevelopment: false, ("AUTH_DISABLED", "true"));
        options.IsOpen.ShouldBeTrue();
        problems.ShouldBeEmpty();
    }

    private static (OpsOptions Options, IReadOnlyList<string> Problems) Read(bool isDevelopment, params (string Name, string Value)[] values)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Name, (string?)value.Value))).Build();
        var settings = new Settings(configuration, isDevelopment);
        return (OpsOptions.Read(settings), settings.Problems);
    }
}
