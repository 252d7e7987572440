using System.Text.Json;
using System.Text.Json.Serialization;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Domain;
using Npgsql;
using NpgsqlTypes;

namespace Modular.Jobs.Persistence;

/// <summary>Small words that the statements of this folder share.</summary>
internal static class Sql
{
    public static readonly short Scheduled = (short)JobState.Scheduled;
    public static readonly short Queued = (short)JobState.Queued;
    public static readonly short Running = (short)JobState.Running;

    private static readonly JsonSerializerOptions Written = new(Json.Stored) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The stored number of the state that follows; throws at start-up when the state machine does not know the step.</summary>
    public static short Next(JobState from, JobTrigger trigger) => (short)JobTransitions.Target(from, trigger);

    /// <summary>
    /// What was to be written is at fault, not the database: class 22 (data exception) from the server, or text and JSON that could not even be
    /// encoded. Trying again would fail for ever.
    /// </summary>
    public static bool IsDataFault(Exception problem) =>
        problem is PostgresException { IsTransient: false } refused ? refused.SqlState.StartsWith("22", StringComparison.Ordinal)
            : problem is JsonException or ArgumentException or NotSupportedException;

    public static NpgsqlParameter Value<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };

    /// <summary>A JSON document, or SQL null.</summary>
    public static NpgsqlParameter JsonValue(string? json) => new() { Value = (object?)json ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Jsonb };

    /// <summary>Documents to be kept; what is null in them takes no room.</summary>
    public static NpgsqlParameter Documents<T>(IEnumerable<T> documents) =>
        new() { Value = documents.Select(document => JsonSerializer.SerializeToUtf8Bytes(document, Written)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb };

    public static NpgsqlParameter JsonArray(string?[] documents) => new() { Value = documents, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb };

    public static NpgsqlParameter Nullable<T>(T? value, NpgsqlDbType type)
        where T : struct => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = type };

    public static NpgsqlParameter Text(string? value) => new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    public static T? ReadJson<T>(this NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? default : JsonSerializer.Deserialize<T>(reader.GetString(column), Json.Stored);

    public static T? ReadNullable<T>(this NpgsqlDataReader reader, int column)
        where T : struct => reader.IsDBNull(column) ? null : reader.GetFieldValue<T>(column);

    public static string? ReadText(this NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    /// <summary>
    /// The first of a batch: what follows in this transaction is planned once per connection and not anew for each call (half a millisecond for the statements
    /// with many parts). A plan made for a table that was empty must fit one of a million rows, so indexes are its only way in.
    /// </summary>
    public static NpgsqlBatchCommand PlanOnce() => new("SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)");

    public static NpgsqlBatchCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    public static NpgsqlCommand CreateCommand(this NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        return command;
    }

    public static NpgsqlCommand CreateCommand(this NpgsqlDataSource database, string sql, params NpgsqlParameter[] parameters)
    {
        var command = database.CreateCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
