using System.Net;
using System.Text;
using Modular.IntegrationTests.Edge;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.IntegrationTests.Outbound;

/// <summary>The secret headers of a call reach whom they are meant for and nobody else: no answer, no event, no log line, no row.</summary>
public sealed class SecretHeaderTests
{
    private const string Secret = "S3CR3T-of-a-call";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_are_sent_and_found_nowhere_else()
    {
        // One server that sends back what it was sent, one that breaks off, one that refuses.
        await using var echo = new Stranger((request, stream, _) => Stranger.SayAsync(stream, 200, $"You are {request.Headers["Authorization"]}", $"X-Echo: {request.Headers["Authorization"]}"));
        await using var refusing = new Stranger((request, stream, _) => Stranger.SayAsync(stream, 401, $"{request.Headers["Authorization"]} is wrong"));
        await using var broken = new Stranger((request, stream, _) => Stranger.WriteAsync(stream, $"{request.Headers["Authorization"]} this is no HTTP\r\n\r\n"));
        await using var deployment = await Deployment.CreateAsync();
        // The proxy of the environment does not exist: whoever asked it would get no answer.
        await using var host = await HostProcess.StartAsync(deployment, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["OUTBOUND_ALLOW"] = "127.0.0.1", ["LOG_LEVEL"] = "debug", ["http_proxy"] = $"http://127.0.0.1:{Loopback.FreePort()}", ["all_proxy"] = $"http://127.0.0.1:{Loopback.FreePort()}",
        });
        var seen = new StringBuilder();

        foreach (var stranger in new[] { echo, refusing, broken })
        {
            var job = new { type = "http.call", payload = new { url = stranger.Url(), secretHeaders = new { Authorization = $"Bearer {Secret}" } }, maxAttempts = 1 };
            using var submitted = await host.SendAsync(HttpMethod.Post, "jobs", EdgeClient.Json(job), ("Idempotency-Key", $"{stranger.Port}"));
            using var again = await host.SendAsync(HttpMethod.Post, "jobs", EdgeClient.Json(job), ("Idempotency-Key", $"{stranger.Port}"));
            again.StatusCode.ShouldBe(HttpStatusCode.OK, "The same secrets are the same job.");
            using var batch = await host.SendAsync(HttpMethod.Post, "jobs/batch", EdgeClient.Json(new { jobs = new[] { job } }));
            var created = await submitted.ReadJsonAsync(HttpStatusCode.Created);
            seen.Append(created.GetRawText()).Append(await again.Content.ReadAsStringAsync(CancellationToken));
            foreach (var id in new[] { created.GetProperty("id").GetGuid(), (await batch.ReadJsonAsync(HttpStatusCode.Created)).GetProperty("ids")[0].GetGuid() })
            {
                var ended = await host.WaitForJobAsync(id);
                ended.Payload!.Value.GetProperty("secretHeaders").GetRawText().ShouldBe("""{"authorization":"***"}""");
                ended.State.ShouldBe(stranger == echo ? "succeeded" : "failed");
                foreach (var path in new[] { $"jobs/{id}", $"jobs/{id}/logs", $"jobs?id={id}", $"jobs/{id}/events?lastEventId=0", $"jobs/{id}/events" })
                    seen.Append(await host.Client.GetStringAsync(path, CancellationToken));
            }
        }

        foreach (var stranger in new[] { echo, refusing, broken })
            stranger.Requests.Select(request => request.Headers["Authorization"]).ShouldBe([$"Bearer {Secret}", $"Bearer {Secret}"], "Both jobs had it, as it was sent.");
        seen.ToString().ShouldContain("You are ***");
        seen.ToString().ShouldNotContain(Secret);
        var rows = await DumpAsync(deployment);
        rows.ShouldContain("\"\"sealed\"\": \"\"1:");
        rows.ShouldNotContain(Secret);
        rows.ShouldNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes($"Bearer {Secret}")));
        (await host.TerminateAsync()).ShouldBe(0);
        host.Output.Count.ShouldBeGreaterThan(10);
        host.Output.ShouldAllBe(line => !line.Contains(Secret));
    }

    [Fact]
    public async Task In_another_jobs_row_they_open_nothing()
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 200));
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["OUTBOUND_ALLOW"] = "127.0.0.1" });
        object Payload(string secret) => new { url = stranger.Url(), secretHeaders = new Dictionary<string, string> { ["X-Token"] = secret } };
        var mine = await app.SubmitAsync("http.call", Payload("mine"), job => job["delaySeconds"] = 3600);
        using (var paused = await app.Client.PostAsync("queues/thief/pause", null, CancellationToken))
            paused.EnsureSuccessStatusCode();
        var thief = await app.SubmitAsync("http.call", Payload("thief"), job => job["queue"] = "thief");

        await using (var connection = await app.Deployment.ConnectAsync())
        {
            await using var copy = new NpgsqlCommand("UPDATE jobs.mt_doc_submission SET data = jsonb_set(data, '{sealed}', (SELECT data -> 'sealed' FROM jobs.mt_doc_submission WHERE id = $1)) WHERE id = $2", connection);
            copy.Parameters.Add(new NpgsqlParameter { Value = mine.Id });
            copy.Parameters.Add(new NpgsqlParameter { Value = thief.Id });
            (await copy.ExecuteNonQueryAsync(CancellationToken)).ShouldBe(1);
        }

        using (var resumed = await app.Client.PostAsync("queues/thief/resume", null, CancellationToken))
            resumed.EnsureSuccessStatusCode();
        (await app.WaitForJobAsync(thief.Id)).Error!.Type.ShouldBe("SecretsUnreadable");
        stranger.Requests.ShouldBeEmpty();
    }

    /// <summary>Every row of every table, as text.</summary>
    private static async Task<string> DumpAsync(Deployment deployment)
    {
        await using var connection = await deployment.ConnectAsync();
        var tables = new List<string>();
        await using (var list = new NpgsqlCommand("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')", connection))
        await using (var reader = await list.ExecuteReaderAsync(CancellationToken))
        {
            while (await reader.ReadAsync(CancellationToken))
                tables.Add(reader.GetString(0));
        }

        tables.Count.ShouldBeGreaterThan(10);
        var all = new StringBuilder();
        foreach (var table in tables)
        {
            await using var read = new NpgsqlCommand($"SELECT string_agg(t::text, E'\\n') FROM {table} t", connection);
            all.Append(await read.ExecuteScalarAsync(CancellationToken) as string).Append('\n');
        }

        return all.ToString();
    }
}
