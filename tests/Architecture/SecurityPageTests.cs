using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace Modular.ArchitectureTests;

/// <summary>docs/security.md names the test that covers each row: a claim whose test is gone is no longer covered.</summary>
public sealed partial class SecurityPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "security.md"));

    [Fact]
    public void Every_test_that_the_security_page_names_exists()
    {
        var tests = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories).ToLookup(Path.GetFileNameWithoutExtension, File.ReadAllText, StringComparer.Ordinal);
        var named = TestName().Matches(Page).Select(match => (Class: match.Groups["class"].Value, Method: match.Groups["method"].Value)).Distinct().ToArray();

        named.Length.ShouldBeGreaterThan(60);
        named.Where(test => !tests[test.Class].Any(source => source.Contains($" {test.Method}(", StringComparison.Ordinal))).Select(test => $"{test.Class}.{test.Method}").ShouldBeEmpty();
    }

    [Fact]
    public void Every_risk_and_every_row_names_a_test()
    {
        var rows = Page.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| R", StringComparison.Ordinal) && !line.StartsWith("| ---", StringComparison.Ordinal)).ToArray();

        Enumerable.Range(1, 10).ShouldAllBe(number => rows.Any(row => row.StartsWith($"| API{number} ", StringComparison.Ordinal)));
        rows.Where(row => !TestName().IsMatch(row.Split('|')[3])).ShouldBeEmpty();
    }

    [GeneratedRegex(@"`(?<class>\w+Tests)\.(?<method>\w+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestName();
}
