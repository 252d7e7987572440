using System.Data;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Modules;
using Npgsql;

namespace Modular.BuildingBlocks.Persistence;

/// <summary>
/// Applies each module's numbered SQL files (<c>Persistence/Migrations/0001_….sql</c>) in order, each in its own transaction with its journal row,
/// all under one advisory lock taken once. Changes are expand/contract: a file that older replicas cannot live with ends in <c>.contract.sql</c>,
/// and a replica that meets one it does not know refuses to start.
/// </summary>
public sealed partial class Migrations(NpgsqlDataSource database, ModuleList modules, ILogger<Migrations> logger)
{
    /// <summary>Of all replicas that start at once, one migrates and the others wait for this session lock ("modular" in ASCII).</summary>
    private const long Lock = 0x6d6f64756c6172;

    /// <summary>Brings every schema up to date.</summary>
    /// <exception cref="SchemaException">The schema was contracted by a newer version than this.</exception>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(connection, $"SELECT pg_advisory_lock({Lock})", cancellationToken);
        try
        {
            foreach (var module in modules.All)
            {
                var schema = SchemaOf(module);
                // Both are no-ops when there; asked first so that a role without DDL rights can start on a schema that is up to date.
                if (!await JournalExistsAsync(connection, schema, cancellationToken))
                {
                    await ExecuteAsync(
                        connection,
                        $"""
                         CREATE SCHEMA IF NOT EXISTS {schema};
                         CREATE TABLE IF NOT EXISTS {schema}.migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
                         """,
                        cancellationToken);
                }

                var (pending, unknown) = await CompareAsync(connection, module, cancellationToken);
                RefuseContracted(schema, unknown);
                foreach (var script in pending)
                {
                    await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                    await ExecuteAsync(connection, await script.ReadAsync(cancellationToken), cancellationToken);
                    await using var journal = new NpgsqlCommand($"INSERT INTO {schema}.migration (name) VALUES ($1)", connection) { Parameters = { new() { Value = script.Name } } };
                    await journal.ExecuteNonQueryAsync(cancellationToken);
                    await transaction.CommitAsync(cancellationToken);
                    Applied(logger, schema, script.Name);
                }
            }
        }
        finally
        {
            // A pooled connection keeps its session: give the lock back by hand, also when a script failed. A broken one has lost its session and the lock
            // with it, and what it would answer here would hide why.
            if (connection.State == ConnectionState.Open)
            {
                await ExecuteAsync(connection, $"SELECT pg_advisory_unlock({Lock})", CancellationToken.None);
            }
        }
    }

    /// <summary>Checks that the schema is at this version or a newer compatible one, and changes nothing.</summary>
    /// <exception cref="SchemaException">It is behind, or was contracted by a newer version.</exception>
    public async Task VerifyAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        foreach (var module in modules.All)
        {
            var schema = SchemaOf(module);
            var (pending, unknown) = await JournalExistsAsync(connection, schema, cancellationToken)
                ? await CompareAsync(connection, module, cancellationToken)
                : (ScriptsOf(module), []);
            RefuseContracted(schema, unknown);
            if (pending.Count > 0)
            {
                throw new SchemaException($"The schema \"{schema}\" is behind by {pending.Count} (next: {pending[0].Name}). Run with --migrate, or set AUTO_MIGRATE=true.");
            }
        }
    }

    internal static string SchemaOf(IModule module) => module.Name.ToLowerInvariant();

    internal static IReadOnlyList<Script> ScriptsOf(IModule module)
    {
        var assembly = module.GetType().Assembly;
        return
        [
            .. assembly.GetManifestResourceNames()
                .Where(resource => resource.Contains(".Persistence.Migrations.", StringComparison.Ordinal) && resource.EndsWith(".sql", StringComparison.Ordinal))
                .Select(resource => new Script(assembly, resource, resource[(resource.IndexOf(".Migrations.", StringComparison.Ordinal) + ".Migrations.".Length)..]))
                .OrderBy(script => script.Name, StringComparer.Ordinal),
        ];
    }

    private static async Task<(IReadOnlyList<Script> Pending, IReadOnlyList<string> Unknown)> CompareAsync(NpgsqlConnection connection, IModule module, CancellationToken cancellationToken)
    {
        var applied = new HashSet<string>(StringComparer.Ordinal);
        await using var command = new NpgsqlCommand($"SELECT name FROM {SchemaOf(module)}.migration", connection);
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                applied.Add(reader.GetString(0));
            }
        }

        var scripts = ScriptsOf(module);
        var known = scripts.Select(script => script.Name).ToHashSet(StringComparer.Ordinal);
        return ([.. scripts.Where(script => !applied.Contains(script.Name))], [.. applied.Where(name => !known.Contains(name))]);
    }

    private static void RefuseContracted(string schema, IReadOnlyList<string> unknown)
    {
        if (unknown.FirstOrDefault(name => name.EndsWith(".contract.sql", StringComparison.Ordinal)) is { } contracted)
        {
            throw new SchemaException($"The schema \"{schema}\" was contracted by a newer version ({contracted}); this version cannot run on it. Start the newer one.");
        }
    }

    private static async Task<bool> JournalExistsAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT to_regclass($1) IS NOT NULL", connection) { Parameters = { new() { Value = schema + ".migration" } } };
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        // An index on a large table takes longer than any request may.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(30, LogLevel.Information, "Schema {Schema}: applied {Script}")]
    private static partial void Applied(ILogger logger, string schema, string script);

    internal sealed record Script(Assembly Assembly, string Resource, string Name)
    {
        public async Task<string> ReadAsync(CancellationToken cancellationToken)
        {
            using var reader = new StreamReader(Assembly.GetManifestResourceStream(Resource)!);
            return await reader.ReadToEndAsync(cancellationToken);
        }
    }
}

/// <summary>The schema does not fit this version. Exit code 78: no restart mends it.</summary>
public sealed class SchemaException(string message) : Exception(message);
