using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Configuration;
using Shouldly;
using Xunit;

namespace Modular.ArchitectureTests;

/// <summary>What is under deploy/ follows the code: settings, projects and limits stand in several files, and must not drift apart.</summary>
public sealed partial class DeployFilesTests
{
    private static readonly string EnvExample = Read("deploy/.env.example");
    private static readonly string Compose = Read("deploy/docker-compose.prod.yml");

    // What compose reads by itself, and what only the file for HTTPS reads.
    private static readonly string[] OfCompose = ["COMPOSE_PROFILES", "COMPOSE_FILE", "COMPOSE_PROJECT_NAME", "HTTPS_PORT", "ACME_WEBROOT"];

    private static IReadOnlyList<Setting> Declared => BuiltHost.App.Services.GetRequiredService<Settings>().Declared;

    private static string[] InExample => [.. Assignment().Matches(EnvExample).Select(match => match.Groups["name"].Value)];

    [Fact]
    public void The_example_names_every_setting_of_the_service()
    {
        Declared.Count.ShouldBeGreaterThan(30);
        foreach (var setting in Declared)
            Regex.IsMatch(EnvExample, $@"\b{setting.Name}\b").ShouldBeTrue($"deploy/.env.example does not name {setting.Name}: {setting.Meaning}");
    }

    [Fact]
    public void The_example_names_each_variable_once_and_none_that_nothing_reads()
    {
        InExample.ShouldBeUnique();
        InExample.Except(Variables(), StringComparer.Ordinal).Except(OfCompose, StringComparer.Ordinal).ShouldBeEmpty("nothing reads these");
        Variables().Except(InExample, StringComparer.Ordinal).ShouldBeEmpty("deploy/.env.example does not name these variables of the compose file");
    }

    [Fact]
    public void The_compose_file_passes_every_setting_on()
    {
        foreach (var setting in Declared.Where(setting => setting.Name is not "STORAGE_PATH"))
            Regex.IsMatch(Compose, $@"^    {setting.Name}(_FILE)?: ", RegexOptions.Multiline).ShouldBeTrue($"the compose file does not pass {setting.Name} on");
    }

    [Fact]
    public void Defaults_are_the_same_in_the_code_the_compose_file_and_the_example()
    {
        var checkedOnes = 0;
        foreach (Match match in WithDefault().Matches(Compose))
        {
            var (name, value) = (match.Groups["name"].Value, match.Groups["value"].Value);
            Regex.IsMatch(EnvExample, $"^#?{name}={Regex.Escape(value)}$", RegexOptions.Multiline).ShouldBeTrue($"deploy/.env.example shows another default of {name} than {value}");
            // Defaults of the service that are texts such as "none" or depend on the machine stand empty there.
            if (Declared.SingleOrDefault(setting => setting.Name == name) is { } setting && value.Length > 0 && setting.Default is not "–")
            {
                setting.Default.ShouldBe(value, $"the compose file has another default of {name} than the code");
                checkedOnes++;
            }
        }

        checkedOnes.ShouldBeGreaterThan(15);
    }

    [Fact]
    public void Every_line_of_the_example_has_a_description_that_says_whether_it_is_needed()
    {
        var described = false;
        foreach (var line in EnvExample.Split('\n'))
        {
            described = line.StartsWith("# ", StringComparison.Ordinal)
                ? described || line.Contains("Optional", StringComparison.Ordinal) || line.Contains("Required.", StringComparison.Ordinal)
                : line.Length > 0 && described;
            if (Assignment().IsMatch(line))
                described.ShouldBeTrue($"no line above says Required or Optional: {line}");
        }
    }

    [Fact]
    public void The_image_restores_from_every_project_that_it_builds()
    {
        var projects = Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file)).Order(StringComparer.Ordinal).ToArray();
        projects.Length.ShouldBeGreaterThan(5);

        CopiedProject().Matches(Read("Dockerfile.prod")).Select(match => match.Groups["file"].Value).Order(StringComparer.Ordinal).ShouldBe(projects);
    }

    [Fact]
    public void No_file_under_deploy_holds_a_password()
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Root, "deploy"), "*", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Repository.Root, file).StartsWith("deploy/secrets", StringComparison.Ordinal) && !file.Contains("/backups/", StringComparison.Ordinal))
            .ToArray();
        files.Length.ShouldBeGreaterThan(15);
        foreach (var file in files)
            Password().IsMatch(File.ReadAllText(file)).ShouldBeFalse(file);
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(Repository.Root, path));

    private static string[] Variables() => [.. Variable().Matches(Compose).Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal)];

    [GeneratedRegex("^#?(?<name>[A-Z][A-Z0-9_]+)=", RegexOptions.Multiline)]
    private static partial Regex Assignment();

    [GeneratedRegex(@"\$\{(?<name>[A-Z][A-Z0-9_]+)[:}?-]")]
    private static partial Regex Variable();

    [GeneratedRegex(@"\$\{(?<name>[A-Z][A-Z0-9_]+):-(?<value>[^}]*)\}")]
    private static partial Regex WithDefault();

    [GeneratedRegex(@"^COPY (?<file>\S+\.csproj) ", RegexOptions.Multiline)]
    private static partial Regex CopiedProject();

    // A literal value; what is made at run time begins with $ or <.
    [GeneratedRegex("(PASSWORD|SECRET_KEY|ADMIN_API_KEY)[\"']?\\s*[:=]\\s*[\"']?[A-Za-z0-9+/]{12,}")]
    private static partial Regex Password();
}
