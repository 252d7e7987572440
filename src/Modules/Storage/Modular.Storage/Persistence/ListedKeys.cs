using Marten;
using Modular.Storage.Domain;
using Npgsql;

namespace Modular.Storage.Persistence;

/// <summary>Walks keys in the order of their bytes, on the index that has this order. Expired objects are left out.</summary>
internal sealed class ListedKeys(NpgsqlDataSource database, IDocumentStore documents)
{
    /// <summary>The next entries of a list.</summary>
    /// <param name="prefix">Only keys that start with it.</param>
    /// <param name="after">The last entry of the page before, or null.</param>
    /// <param name="isDelimited">Fold everything up to the next slash behind the prefix into one entry.</param>
    /// <param name="limit">Entries, folded ones included.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task<IReadOnlyList<ListedKey>> ReadAsync(string prefix, string? after, bool isDelimited, int limit, CancellationToken cancellationToken)
    {
        var range = KeyRange.StartingWith(prefix);
        await using var command = database.CreateCommand(isDelimited ? Folded(range) : Flat(range));
        command.Parameters.Add(new() { Value = range.From });
        command.Parameters.Add(new() { Value = after is null ? range.From : Behind(after) });
        command.Parameters.Add(new() { Value = limit });
        if (isDelimited)
        {
            command.Parameters.Add(new() { Value = prefix.EnumerateRunes().Count() });
        }

        if (range.To is not null)
        {
            command.Parameters.Add(new() { Value = range.To });
        }

        var entries = new List<ListedKey>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var stored = await reader.IsDBNullAsync(1, cancellationToken) ? null : documents.Options.Serializer().FromJson<StoredObject>(reader, 1);
            entries.Add(new ListedKey(reader.GetString(0), stored));
        }

        return entries;
    }

    // A folded entry ends in a slash, which no key does: what follows it starts at the character after the slash.
    private static string Behind(string entry) => entry.EndsWith('/') ? entry[..^1] + '0' : KeyRange.JustAfter(entry);

    private static string Flat(KeyRange range) =>
        $"""
         SELECT id, data FROM {StorageSchema.Objects}
         WHERE {Within(range, "$4")} AND id COLLATE "C" >= $2
         ORDER BY id COLLATE "C" LIMIT $3
         """;

    // A loose index scan: each step seeks the first key behind the entry before, so that a folder with a million keys costs one seek.
    private static string Folded(KeyRange range) =>
        $"""
         WITH RECURSIVE walk (entry, number) AS (
             SELECT ({First(range, "$2::text")}), 1
             UNION ALL
             SELECT ({First(range, "(CASE WHEN right(walk.entry, 1) = '/' THEN left(walk.entry, -1) || '0' ELSE walk.entry || E'\\x01' END)")}), walk.number + 1
             FROM walk WHERE walk.entry IS NOT NULL AND walk.number < $3)
         SELECT walk.entry, stored.data
         FROM walk LEFT JOIN {StorageSchema.Objects} stored ON stored.id = walk.entry
         WHERE walk.entry IS NOT NULL ORDER BY walk.number
         """;

    private static string First(KeyRange range, string from) =>
        $"""
         SELECT CASE WHEN strpos(substr(id, $4 + 1), '/') > 0 THEN left(id, $4 + strpos(substr(id, $4 + 1), '/')) ELSE id END
         FROM {StorageSchema.Objects}
         WHERE {Within(range, "$5")} AND id COLLATE "C" >= {from}
         ORDER BY id COLLATE "C" LIMIT 1
         """;

    private static string Within(KeyRange range, string to) =>
        $"""id COLLATE "C" >= $1 {(range.To is null ? "" : $"""AND id COLLATE "C" < {to}""")} AND (expires_at IS NULL OR expires_at > now())""";
}

/// <summary>One entry of a list: an object, or a folded prefix that ends in a slash (no object).</summary>
internal sealed record ListedKey(string Entry, StoredObject? Object);
