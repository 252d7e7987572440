using System.Text.Json;
using Modular.Jobs.Domain;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>Which jobs a list or a bulk action means; everything given must hold.</summary>
internal sealed record JobFilter
{
    public IReadOnlyList<JobState>? State { get; init; }

    public string? Type { get; init; }

    public string? Queue { get; init; }

    public string? Tag { get; init; }

    public DateTimeOffset? CreatedAfter { get; init; }

    public DateTimeOffset? CreatedBefore { get; init; }

    public Guid? Id { get; init; }

    private IReadOnlyList<JobState> Live => [.. (State ?? []).Where(state => !state.IsFinal())];

    private IReadOnlyList<JobState> Final => [.. (State ?? []).Where(state => state.IsFinal())];

    /// <summary>
    /// The table that decides, under the alias s with id and seq. A state is in the entry or in the outcome, never in the submission: when only one of the
    /// two can match, its index leads, so that five running jobs among a million finished ones are found at once.
    /// </summary>
    internal string Source => (Live.Count, Final.Count) switch
    {
        (0, 0) => "jobs.mt_doc_submission s",
        ( > 0, 0) => "jobs.entry l JOIN jobs.mt_doc_submission s ON s.id = l.id",
        (0, > 0) => "jobs.mt_doc_outcome f JOIN jobs.mt_doc_submission s ON s.id = f.id",
        _ => "jobs.mt_doc_submission s LEFT JOIN jobs.entry l ON l.id = s.id LEFT JOIN jobs.mt_doc_outcome f ON f.id = s.id",
    };

    internal string Where(NpgsqlParameterCollection parameters)
    {
        var conditions = new List<string> { "true" };
        string Bind(NpgsqlParameter parameter) => JobReader.Bind(parameters, parameter);
        string States(string column, IReadOnlyList<JobState> states) => $"{column} = ANY ({Bind(Sql.Value(states.Select(state => (short)state).ToArray()))})";

        conditions.AddRange((Live.Count, Final.Count) switch
        {
            (0, 0) => [],
            ( > 0, 0) => [States("l.state", Live)],
            (0, > 0) => [States("f.state", Final)],
            _ => [$"({States("l.state", Live)} OR {States("f.state", Final)})"],
        });
        if (Id is { } id)
        {
            conditions.Add($"s.id = {Bind(Sql.Value(id))}");
        }

        if (Type is not null)
        {
            conditions.Add($"s.type = {Bind(Sql.Value(Type))}");
        }

        if (Queue is not null)
        {
            conditions.Add($"s.queue = {Bind(Sql.Value(Queue))}");
        }

        if (Tag is not null)
        {
            // The expression is the index's, letter for letter.
            conditions.Add($"CAST(s.data ->> 'tags' AS jsonb) @> {Bind(Sql.JsonValue(JsonSerializer.Serialize(new[] { Tag })))}");
        }

        if (CreatedAfter is { } after)
        {
            conditions.Add($"s.created_at > {Bind(Sql.Value(after.ToUniversalTime()))}");
        }

        if (CreatedBefore is { } before)
        {
            conditions.Add($"s.created_at < {Bind(Sql.Value(before.ToUniversalTime()))}");
        }

        return string.Join(" AND ", conditions);
    }
}
