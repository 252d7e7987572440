using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.IntegrationTests.Chaos;

/// <summary>
/// Clients that submit jobs to replicas while something breaks, as good clients do: one idempotency key per job, and again when no answer came. At the
/// end it judges what became of every job that was accepted.
/// </summary>
internal sealed class Storm : IAsyncDisposable
{
    private const int Clients = 6;

    private readonly ConcurrentDictionary<Guid, byte> _accepted = new();
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Deployment _deployment;
    private readonly RunningModular[] _replicas;
    private readonly Task[] _clients;

    private Storm(Deployment deployment, RunningModular[] replicas, Func<int, (string Type, object Payload)> job)
    {
        _deployment = deployment;
        _replicas = replicas;
        _clients = [.. Enumerable.Range(0, Clients).Select(client => Task.Run(() => SubmitAsync(client, job)))];
    }

    public int Accepted => _accepted.Count;

    /// <summary>Begins, and returns when jobs are flowing.</summary>
    /// <param name="deployment">Whose database tells the truth.</param>
    /// <param name="replicas">Whom the clients ask, each in turn.</param>
    /// <param name="job">The n-th job of a client; jobs of 0 to 30 ms with two log lines when it is not given.</param>
    public static async Task<Storm> BeginAsync(Deployment deployment, RunningModular[] replicas, Func<int, (string Type, object Payload)>? job = null)
    {
        var storm = new Storm(deployment, replicas, job ?? (number => ("debug.sleep", new { milliseconds = number % 4 * 10, steps = 2 })));
        await storm.FlowsAsync();
        return storm;
    }

    /// <summary>Waits until so many more jobs were accepted.</summary>
    public async Task FlowsAsync(int more = 0)
    {
        var goal = Accepted + (more == 0 ? TestSize.Of(100, 1000) : more);
        await Eventually.IsTrueAsync(() => Accepted >= goal, "jobs are accepted", TimeSpan.FromSeconds(90));
    }

    /// <summary>The jobs that this replica's lease holds now.</summary>
    public static async Task<IReadOnlyList<(Guid Job, long Lease)>> HeldByAsync(NpgsqlConnection connection, int replica)
    {
        await using var command = new NpgsqlCommand("SELECT id, lease FROM jobs.entry WHERE worker = $1 AND state = 2", connection) { Parameters = { new() { Value = replica } } };
        await using var reader = await command.ExecuteReaderAsync();
        var held = new List<(Guid, long)>();
        while (await reader.ReadAsync())
            held.Add((reader.GetGuid(0), reader.GetInt64(1)));
        return held;
    }

    /// <summary>Waits until none of <paramref name="held"/> is under its old lease any more: each was taken from its holder, or ended.</summary>
    public static async Task<TimeSpan> RescueAsync(NpgsqlConnection connection, IReadOnlyList<(Guid Job, long Lease)> held, Stopwatch since)
    {
        await Eventually.IsTrueAsync(
            async () =>
            {
                await using var command = new NpgsqlCommand(
                    "SELECT count(*) FROM jobs.entry e JOIN unnest($1::uuid[], $2::bigint[]) AS h(id, lease) ON e.id = h.id AND e.lease = h.lease WHERE e.state = 2", connection)
                {
                    Parameters = { new() { Value = held.Select(job => job.Job).ToArray() }, new() { Value = held.Select(job => job.Lease).ToArray() } },
                };
                return (long)(await command.ExecuteScalarAsync())! == 0;
            },
            "every job of the lost replica was rescued",
            TimeSpan.FromSeconds(90));
        return since.Elapsed;
    }

    /// <summary>
    /// Stops the clients, waits until nothing waits or runs any more and checks: every accepted job ended well and is there once; each attempt of each
    /// job is recorded, in order, and only the last one succeeded; nothing that a stale worker wrote stands after the end.
    /// </summary>
    public async Task JudgeAsync(string cell, string recovery)
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients);
        await using var connection = await _deployment.ConnectAsync();
        await Eventually.IsTrueAsync(async () => await CountAsync(connection, "SELECT count(*) FROM jobs.entry") == 0, "nothing waits or runs any more", TimeSpan.FromSeconds(120));

        var succeeded = await CountAsync(connection, "SELECT count(*) FROM jobs.mt_doc_outcome WHERE state = 3 AND id = ANY ($1)", _accepted.Keys.ToArray());
        var lost = Accepted - succeeded;
        var again = await CountAsync(connection, "SELECT count(*) FROM jobs.mt_doc_outcome WHERE jsonb_array_length(data -> 'attempts') > 1");
        Report.Line(cell, $"{Accepted} accepted, {succeeded} succeeded, {lost} lost, {again} with a further attempt; {recovery}");
        lost.ShouldBe(0);
        (await CountAsync(connection, "SELECT count(*) FROM jobs.mt_doc_submission s WHERE NOT EXISTS (SELECT FROM jobs.mt_doc_outcome o WHERE o.id = s.id)")).ShouldBe(0, "No submission without its end.");
        (await CountAsync(connection, "SELECT count(*) FROM jobs.idempotency")).ShouldBe(await CountAsync(connection, "SELECT count(*) FROM jobs.mt_doc_submission"), "No job was made twice.");
        (await CountAsync(
            connection,
            """
            SELECT count(*) FROM jobs.mt_doc_outcome o
            WHERE (o.data ->> 'attempt')::int <> jsonb_array_length(o.data -> 'attempts')
               OR EXISTS (
                 SELECT FROM jsonb_array_elements(o.data -> 'attempts') WITH ORDINALITY AS a(attempt, position)
                 WHERE (attempt ->> 'number')::int <> position OR attempt ->> 'worker' IS NULL
                    OR (attempt ->> 'outcome' = 'succeeded') <> (position = jsonb_array_length(o.data -> 'attempts')))
            """)).ShouldBe(0, "Each attempt is recorded, and only the last one succeeded.");
        (await CountAsync(connection, "SELECT count(*) FROM jobs.event e JOIN jobs.mt_doc_outcome o ON o.id = e.job_id WHERE e.seq > (o.data ->> 'endSeq')::int")).ShouldBe(0, "Nothing was written after an end.");
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_clients).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task SubmitAsync(int client, Func<int, (string Type, object Payload)> job)
    {
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        for (var number = 0; !_stop.IsCancellationRequested; number++)
        {
            var (type, payload) = job(number);
            var key = $"{client}-{number}";
            // An unfinished job is offered until somebody takes it, also after the end of the storm: its first try may have committed.
            for (var attempt = client; !await TryAsync(_replicas[attempt % _replicas.Length], type, payload, key); attempt++)
            {
                if (TestContext.Current.CancellationToken.IsCancellationRequested)
                    return;
                await pause.WaitForNextTickAsync(CancellationToken.None);
            }

            await pause.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task<bool> TryAsync(RunningModular replica, string type, object payload, string key)
    {
        try
        {
            using var answer = await replica.PostJobAsync(type, payload, Retried, key).WaitAsync(TimeSpan.FromSeconds(10));
            if (answer.StatusCode is not (HttpStatusCode.Created or HttpStatusCode.OK))
                return false;
            _accepted[(await answer.Content.ReadFromJsonAsync<JobAnswer>(JsonSerializerOptions.Web))!.Id] = 0;
            return true;
        }
        catch (Exception away) when (away is HttpRequestException or TimeoutException or TaskCanceledException or IOException)
        {
            return false;
        }
    }

    private static void Retried(JsonObject job) => (job["maxAttempts"], job["backoff"]) = (20, new JsonObject { ["kind"] = "fixed", ["baseSeconds"] = 1 });

    private static async Task<long> CountAsync(NpgsqlConnection connection, string sql, object? parameter = null)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        if (parameter is not null)
            command.Parameters.Add(new() { Value = parameter });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
