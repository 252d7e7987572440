using System.Text;
using System.Text.RegularExpressions;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests;

/// <summary>The README's session, run from its own text.</summary>
public sealed partial class ReadmeTests
{
    private const string Separator = "=====next=====";

    [Fact]
    public async Task The_session_prints_what_the_README_says()
    {
        var steps = ReadSession(await File.ReadAllTextAsync(Path.Combine(RepositoryRoot(), "README.md"), TestContext.Current.CancellationToken));
        steps.Count.ShouldBeGreaterThan(4);
        await using var app = await ModularApp.StartAsync();
        var folder = await Scratch.CreateFolderAsync("readme");

        var script = new StringBuilder($"set -e; cd '{folder}'\n");
        foreach (var (command, _) in steps)
            script.Append(command.Replace("localhost:8080", $"127.0.0.1:{app.Port}", StringComparison.Ordinal)).Append('\n').Append($"printf '\\n{Separator}\\n'\n");
        var output = await Command.RunAsync("bash", ["-c", script.ToString()], cancellationToken: TestContext.Current.CancellationToken);

        var printed = output.Split(Separator);
        for (var step = 0; step < steps.Count; step++)
            Neutral(printed[step]).ShouldBe(Neutral(steps[step].Output), $"the README shows another answer to: {steps[step].Command}");
    }

    private static List<(string Command, string Output)> ReadSession(string readme)
    {
        var block = Console().Match(readme).Groups["block"].Value;
        var steps = new List<(string, string)>();
        foreach (var step in Prompt().Split(block).Skip(1))
        {
            var end = step.IndexOf('\n', StringComparison.Ordinal);
            steps.Add((step[..end], step[end..]));
        }

        return steps;
    }

    // What differs from run to run: ids, times, the worker's name, and how many progress events a job's reports are coalesced to, which the numbers count.
    private static string Neutral(string text) =>
        EventId().Replace(Progress().Replace(Worker().Replace(Time().Replace(Id().Replace(text.Trim(), "ID"), "TIME"), "\"worker\":\"W\""), ""), "id: N");

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Modular.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("Run the tests from the repository's own build output.");
        return folder.FullName;
    }

    [GeneratedRegex("```console\n(?<block>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Console();

    [GeneratedRegex(@"^\$ ", RegexOptions.Multiline)]
    private static partial Regex Prompt();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Id();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")]
    private static partial Regex Time();

    [GeneratedRegex("id: \\d+\nevent: progress\n[^\n]*\n\n")]
    private static partial Regex Progress();

    [GeneratedRegex("^id: \\d+", RegexOptions.Multiline)]
    private static partial Regex EventId();

    [GeneratedRegex("\"worker\":\"[^\"]+\"")]
    private static partial Regex Worker();
}
