using System.Globalization;
using System.Text;
using Modular.BuildingBlocks.Configuration;

namespace Modular.ArchitectureTests;

/// <summary>The page that lists every setting, out of the settings themselves.</summary>
internal static class ConfigurationPage
{
    public static string Render(IEnumerable<Setting> settings)
    {
        var page = new StringBuilder("""
            # Configuration

            Environment variables; on the command line (`--NAME=value`) they win. Each but `ASPNETCORE_ENVIRONMENT`, which is .NET's own (`--environment=value`), may come from a file
            instead: `NAME_FILE` holds its path, for secrets as container platforms hand them out. Everything is read once, at start; all problems are told together on standard
            error, one a line, and the process ends with 78. `--check-config` does only that.

            This page is made from the code: `make approve` writes it, and a test compares.

            | Variable | Default | Meaning |
            | --- | --- | --- |
            | `ASPNETCORE_ENVIRONMENT` | Production | `Development`: no key needed, text logs, loopback only |

            """.ReplaceLineEndings("\n"));
        foreach (var setting in settings)
        {
            page.Append(CultureInfo.InvariantCulture, $"| `{setting.Name}` | {Cell(setting.Default)} | {Cell(setting.Meaning)}{(setting.Secret ? " (secret)" : "")} |\n");
        }

        return page.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
