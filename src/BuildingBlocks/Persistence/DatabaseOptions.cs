using Modular.BuildingBlocks.Configuration;
using Npgsql;

namespace Modular.BuildingBlocks.Persistence;

/// <summary>How the service reaches PostgreSQL.</summary>
/// <param name="ConnectionString">Npgsql's form, pool limits included.</param>
/// <param name="AutoMigrate">Bring the schema up to date at start; otherwise refuse to start when it is behind.</param>
public sealed record DatabaseOptions(string ConnectionString, bool AutoMigrate)
{
    private static readonly Dictionary<string, string> LibpqNames = new(StringComparer.Ordinal)
    {
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["channel_binding"] = "Channel Binding",
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
    };

    public static DatabaseOptions Read(Settings settings)
    {
        var url = settings.Required("DATABASE_URL", "postgres://user:password@host:port/db?sslmode=… or Npgsql key=value", secret: true);
        var max = settings.WholeNumber("DB_MAX_CONNECTIONS", 25, 3, 1000, "largest number of pooled connections");
        var min = settings.WholeNumber("DB_MIN_CONNECTIONS", 5, 0, 1000, "connections kept when idle");
        var lifetime = settings.WholeNumber("DB_CONNECTION_LIFETIME_SECONDS", 300, 0, 86400, "age at which a pooled connection is replaced; 0: never");
        var migrate = settings.Flag("AUTO_MIGRATE", true, "bring the schema up to date at start, under a lock; false: refuse to start when it is behind");
        if (min > max)
        {
            settings.AddProblem($"DB_MIN_CONNECTIONS is {min}: it must not be above DB_MAX_CONNECTIONS ({max})");
        }

        try
        {
            var connection = url.Length == 0 ? new NpgsqlConnectionStringBuilder() : Parse(url);
            if (connection.Password is { } password)
            {
                settings.AddSecret(password);
            }

            connection.MaxPoolSize = max;
            connection.MinPoolSize = Math.Min(min, max);
            connection.ConnectionLifetime = lifetime;
            connection.ApplicationName ??= "modular";
            connection.Timeout = 5;
            connection.CommandTimeout = 30;
            connection.KeepAlive = 30;
            connection.MaxAutoPrepare = 100;
            connection.AutoPrepareMinUsages = 2;
            // Nothing here changes a session, so nothing needs to be reset when a connection goes back: it would cost each checkout a statement.
            connection.NoResetOnClose = true;
            // A generic plan is made for arrays of ten; ours have up to a thousand, and a queue grows from nothing to a million rows under one plan. (The hot
            // statements are made for one plan, and ask for it themselves.)
            // Compiling a plan with LLVM takes longer than any statement here runs, and many waiting jobs make the planner believe in it.
            connection.Options = $"{connection.Options} -c plan_cache_mode=force_custom_plan -c jit=off".Trim();
            return new DatabaseOptions(connection.ConnectionString, migrate);
        }
        catch (ArgumentException)
        {
            // The message of the parser may repeat the password: say what is allowed instead.
            settings.AddProblem("DATABASE_URL cannot be read: it must be postgres://user:password@host:port/db or Npgsql key=value");
            return new DatabaseOptions("", migrate);
        }
    }

    /// <summary>Reads <c>postgres://</c> URLs (as platforms hand them out) and Npgsql's own form.</summary>
    internal static NpgsqlConnectionStringBuilder Parse(string url)
    {
        if (!url.Contains("://", StringComparison.Ordinal))
        {
            return new NpgsqlConnectionStringBuilder(url);
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgres" or "postgresql"))
        {
            throw new ArgumentException("not a postgres URL", nameof(url));
        }

        var user = uri.UserInfo.Split(':', 2);
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = Uri.UnescapeDataString(uri.Host.Trim('[', ']')),
            Port = uri.IsDefaultPort || uri.Port < 0 ? 5432 : uri.Port,
            Username = Uri.UnescapeDataString(user[0]),
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
        };
        if (user.Length == 2)
        {
            connection.Password = Uri.UnescapeDataString(user[1]);
        }

        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = pair.Split('=', 2) is [var k, var v] ? (Uri.UnescapeDataString(k), Uri.UnescapeDataString(v)) : (pair, "");
            // libpq's names for those that platforms hand out, and its spelling of one's values (verify-full); everything else goes to Npgsql as it is.
            connection[LibpqNames.GetValueOrDefault(key, key)] = key is "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }

        return connection;
    }
}
