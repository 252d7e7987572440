using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Modular.BuildingBlocks.Configuration;

/// <summary>
/// Reads settings from the environment (or the command line), each also from a file named by <c>NAME_FILE</c>.
/// Problems are collected, so that a start with five mistakes names all five.
/// </summary>
public sealed class Settings(IConfiguration configuration, bool isDevelopment)
{
    private readonly List<string> _problems = [];
    private readonly List<Setting> _declared = [];
    private readonly List<string> _secrets = [];

    /// <summary><c>ASPNETCORE_ENVIRONMENT=Development</c>.</summary>
    public bool IsDevelopment { get; } = isDevelopment;

    /// <summary>Every setting that was asked for, in order: what the configuration page lists.</summary>
    public IReadOnlyList<Setting> Declared => _declared;

    /// <summary>One line per wrong or missing setting.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>The values of secret settings: what no log line may hold.</summary>
    public IReadOnlyList<string> Secrets => _secrets;

    /// <summary>Notes part of a setting's value as secret, such as the password inside a URL.</summary>
    public void AddSecret(string value) => _secrets.Add(value);

    /// <summary>Notes a problem that spans several settings.</summary>
    public void AddProblem(string problem) => _problems.Add(problem);

    public string? Text(string name, string? defaultValue, string meaning, bool secret = false)
    {
        _declared.Add(new Setting(name, defaultValue ?? "–", meaning, secret));
        return Kept(Raw(name), secret) ?? defaultValue;
    }

    public string Required(string name, string meaning, bool secret = false)
    {
        _declared.Add(new Setting(name, "required", meaning, secret));
        var value = Kept(Raw(name), secret);
        if (value is null)
        {
            _problems.Add($"{name} is required: {meaning}");
        }

        return value ?? "";
    }

    /// <param name="name">The variable.</param>
    /// <param name="defaultValue">When it is not set.</param>
    /// <param name="min">Smallest allowed.</param>
    /// <param name="max">Largest allowed.</param>
    /// <param name="meaning">For the configuration page.</param>
    /// <param name="defaultText">How the page tells a default that depends on the machine.</param>
    public int WholeNumber(string name, int defaultValue, int min, int max, string meaning, string? defaultText = null)
    {
        _declared.Add(new Setting(name, defaultText ?? defaultValue.ToString(CultureInfo.InvariantCulture), meaning, Secret: false));
        if (Raw(name) is not { } text)
        {
            return defaultValue;
        }

        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
        {
            return value;
        }

        _problems.Add($"{name} is \"{text}\": it must be a whole number from {min} to {max}");
        return defaultValue;
    }

    public bool Flag(string name, bool defaultValue, string meaning)
    {
        _declared.Add(new Setting(name, defaultValue ? "true" : "false", meaning, Secret: false));
        switch (Raw(name)?.ToLowerInvariant())
        {
            case null:
                return defaultValue;
            case "true" or "1":
                return true;
            case "false" or "0":
                return false;
            default:
                _problems.Add($"{name} is \"{Raw(name)}\": it must be true or false");
                return defaultValue;
        }
    }

    public string Choice(string name, string defaultValue, IReadOnlyList<string> allowed, string meaning)
    {
        _declared.Add(new Setting(name, defaultValue, meaning, Secret: false));
        var value = Raw(name)?.ToLowerInvariant();
        if (value is null || allowed.Contains(value, StringComparer.Ordinal))
        {
            return value ?? defaultValue;
        }

        _problems.Add($"{name} is \"{value}\": it must be one of {string.Join(", ", allowed)}");
        return defaultValue;
    }

    /// <summary>A comma-separated list; blanks around items are dropped.</summary>
    public IReadOnlyList<string> List(string name, string meaning)
    {
        _declared.Add(new Setting(name, "none", meaning, Secret: false));
        return Raw(name)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
    }

    private string? Kept(string? value, bool secret)
    {
        if (secret && value is not null)
        {
            _secrets.Add(value);
        }

        return value;
    }

    private string? Raw(string name)
    {
        var value = configuration[name];
        var file = configuration[name + "_FILE"];
        if (string.IsNullOrEmpty(file))
        {
            return string.IsNullOrEmpty(value) ? null : value;
        }

        if (!string.IsNullOrEmpty(value))
        {
            _problems.Add($"{name} and {name}_FILE are both set: keep one");
            return value;
        }

        try
        {
            var text = File.ReadAllText(file).Trim();
            return text.Length == 0 ? null : text;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            _problems.Add($"{name}_FILE names \"{file}\", which cannot be read: {problem.Message}");
            return null;
        }
    }
}

/// <summary>One setting as the configuration page shows it.</summary>
public sealed record Setting(string Name, string Default, string Meaning, bool Secret);

/// <summary>The start is refused: wrong or missing settings. Exit code 78 (<c>EX_CONFIG</c> of sysexits.h).</summary>
public sealed class SettingsException(IReadOnlyList<string> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    public const int ExitCode = 78;

    public IReadOnlyList<string> Problems { get; } = problems;
}
