using System.Buffers.Text;
using System.Text;
using Npgsql;

namespace Modular.Jobs.Persistence;

/// <summary>
/// NOTIFY channels between replicas. Payloads carry ids only (a NOTIFY of 8,000 bytes or more rolls its transaction back),
/// and every listener also polls slowly, so a lost one costs time, never a job.
/// </summary>
internal static class Signals
{
    /// <summary>Jobs became queued; no payload.</summary>
    public const string Ready = "modular_jobs_ready";

    /// <summary>Jobs changed: their ids, 22 characters of base64url each.</summary>
    public const string Changed = "modular_jobs_changed";

    /// <summary>Running jobs that a client cancels: ids as above.</summary>
    public const string Cancel = "modular_jobs_cancel";

    /// <summary>A queue was paused: its name.</summary>
    public const string Paused = "modular_jobs_paused";

    private const int IdLength = 22;
    private const int IdsPerPayload = 7900 / IdLength;

    public static NpgsqlBatchCommand NotifyReady() => new($"NOTIFY {Ready}");

    /// <summary>
    /// Places of limited queues became free: whoever looked before this transaction commits found them taken, on this replica too, and would not look
    /// again before its poll.
    /// </summary>
    public static NpgsqlBatchCommand NotifyFreed(IEnumerable<string> queues) => Sql.Command(
        $"SELECT pg_notify('{Ready}', '') FROM jobs.queue WHERE name = ANY ($1) AND concurrency IS NOT NULL LIMIT 1",
        Sql.Value(queues.Distinct(StringComparer.Ordinal).ToArray()));

    public static NpgsqlBatchCommand NotifyPaused(string queue) => Sql.Command($"SELECT pg_notify('{Paused}', $1)", Sql.Value(queue));

    public static IEnumerable<NpgsqlBatchCommand> NotifyChanged(IEnumerable<Guid> jobs) => NotifyIds(Changed, jobs);

    public static IEnumerable<NpgsqlBatchCommand> NotifyCancel(IEnumerable<Guid> jobs) => NotifyIds(Cancel, jobs);

    public static IEnumerable<Guid> ReadIds(string payload)
    {
        for (var start = 0; start + IdLength <= payload.Length; start += IdLength)
        {
            yield return new Guid(Base64Url.DecodeFromChars(payload.AsSpan(start, IdLength)), bigEndian: true);
        }
    }

    private static IEnumerable<NpgsqlBatchCommand> NotifyIds(string channel, IEnumerable<Guid> jobs) =>
        jobs.Chunk(IdsPerPayload).Select(chunk => Sql.Command($"SELECT pg_notify('{channel}', $1)", Sql.Value(Encode(chunk))));

    private static string Encode(Guid[] jobs)
    {
        var text = new StringBuilder(jobs.Length * IdLength);
        Span<byte> bytes = stackalloc byte[16];
        Span<char> characters = stackalloc char[IdLength];
        foreach (var job in jobs)
        {
            job.TryWriteBytes(bytes, bigEndian: true, out _);
            Base64Url.EncodeToChars(bytes, characters);
            text.Append(characters);
        }

        return text.ToString();
    }
}
