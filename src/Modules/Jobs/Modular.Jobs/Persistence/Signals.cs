using System.Buffers.Text;
using System.Text;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>
/// NOTIFY channels between replicas. Payloads carry ids only (a NOTIFY of 8,000 bytes or more rolls its transaction back), the sender's first,
/// and every listener also polls slowly, so a lost one costs time, never a job.
/// </summary>
internal static class Signals
{
    /// <summary>Jobs became queued: the sender's id.</summary>
    public const string Ready = "modular_jobs_ready";

    /// <summary>Jobs changed: the sender's id and theirs, 22 characters of base64url each.</summary>
    public const string Changed = "modular_jobs_changed";

    /// <summary>Running jobs that a client cancels: ids as above.</summary>
    public const string Cancel = "modular_jobs_cancel";

    /// <summary>A queue was paused: its name.</summary>
    public const string Paused = "modular_jobs_paused";

    private const int IdLength = 22;
    private const int IdsPerPayload = 7900 / IdLength;

    /// <param name="sender">Who knows already; nobody, when it is not given.</param>
    public static NpgsqlBatchCommand NotifyReady(Guid sender = default) => Sql.Command($"SELECT pg_notify('{Ready}', $1)", Sql.Value(Encode([sender])));

    /// <summary>Places of limited queues became free: whoever looked before found them taken, on this replica too, and would not look again before its poll.</summary>
    public static NpgsqlBatchCommand NotifyFreed(string[] queues) => Sql.Command(
        $"SELECT pg_notify('{Ready}', '') FROM jobs.queue WHERE name = ANY ($1) AND concurrency IS NOT NULL LIMIT 1",
        Sql.Value(queues));

    public static NpgsqlBatchCommand NotifyPaused(string queue) => Sql.Command($"SELECT pg_notify('{Paused}', $1)", Sql.Value(queue));

    /// <param name="jobs">Their ids.</param>
    /// <param name="sender">Who knows already; nobody, when it is not given.</param>
    public static IEnumerable<NpgsqlBatchCommand> NotifyChanged(IEnumerable<Guid> jobs, Guid sender = default) => NotifyIds(Changed, jobs, sender);

    public static IEnumerable<NpgsqlBatchCommand> NotifyCancel(IEnumerable<Guid> jobs) => NotifyIds(Cancel, jobs, sender: default);

    /// <summary>The sender and the ids of a payload; what does not read as ids, such as a place that became free, has no sender.</summary>
    public static (Guid Sender, IReadOnlyList<Guid> Ids) Read(string payload)
    {
        var ids = new List<Guid>(payload.Length / IdLength);
        for (var start = 0; start + IdLength <= payload.Length; start += IdLength)
        {
            ids.Add(new Guid(Base64Url.DecodeFromChars(payload.AsSpan(start, IdLength)), bigEndian: true));
        }

        return ids.Count == 0 ? (Guid.Empty, ids) : (ids[0], ids[1..]);
    }

    private static IEnumerable<NpgsqlBatchCommand> NotifyIds(string channel, IEnumerable<Guid> jobs, Guid sender) =>
        jobs.Chunk(IdsPerPayload - 1).Select(chunk => Sql.Command($"SELECT pg_notify('{channel}', $1)", Sql.Value(Encode([sender, .. chunk]))));

    private static string Encode(IReadOnlyCollection<Guid> ids)
    {
        var text = new StringBuilder(ids.Count * IdLength);
        Span<byte> bytes = stackalloc byte[16];
        Span<char> characters = stackalloc char[IdLength];
        foreach (var id in ids)
        {
            id.TryWriteBytes(bytes, bigEndian: true, out _);
            Base64Url.EncodeToChars(bytes, characters);
            text.Append(characters);
        }

        return text.ToString();
    }
}
