using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Configuration;
using Shouldly;
using Xunit;

namespace Modular.ArchitectureTests;

public sealed class ConfigurationPageTests
{
    private static IReadOnlyList<Setting> Declared => BuiltHost.App.Services.GetRequiredService<Settings>().Declared;

    [Fact]
    public void The_configuration_page_lists_what_the_Host_reads() =>
        ApprovedText.Compare(Path.Combine(Repository.Root, "docs"), "configuration.md", ConfigurationPage.Render(Declared), ApprovedText.IsApproving).ShouldBeNull();

    [Fact]
    public void Every_setting_is_declared_once_and_says_what_it_means()
    {
        Declared.Count.ShouldBeGreaterThan(30);
        Declared.Select(setting => setting.Name).ShouldBeUnique();
        Declared.ShouldAllBe(setting => setting.Meaning.Length > 5 && setting.Default.Length > 0);
        Declared.Where(setting => setting.Name.Contains("KEY", StringComparison.Ordinal) || setting.Name.Contains("URL", StringComparison.Ordinal)).Where(setting => setting.Name is not "S3_ACCESS_KEY")
            .ShouldAllBe(setting => setting.Secret);
    }
}
