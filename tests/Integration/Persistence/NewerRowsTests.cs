using System.Net.Http.Json;
using System.Text.Json;
using Modular.IntegrationTests.Ops;
using Npgsql;

namespace Modular.IntegrationTests.Persistence;

/// <summary>During a rolling upgrade an older replica reads what a newer one wrote: members that it does not know must not stop it.</summary>
public sealed class NewerRowsTests(GuardedHost host) : IClassFixture<GuardedHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Documents_with_members_that_this_version_does_not_know_are_read()
    {
        using (var stored = await host.SendAsync(HttpMethod.Put, "objects/newer/one", GuardedHost.AdminKey, new { }))
            stored.EnsureSuccessStatusCode();
        using var submitted = await host.SendAsync(HttpMethod.Post, "jobs", GuardedHost.AdminKey, new { type = "debug.noop", payload = new { } });
        var job = (await submitted.Content.ReadFromJsonAsync<JsonElement>(CancellationToken)).GetProperty("id").GetGuid();
        using (var finished = await host.SendAsync(HttpMethod.Get, $"jobs/{job}?wait=20", GuardedHost.AdminKey))
            finished.EnsureSuccessStatusCode();
        var (_, key) = await host.CreateKeyAsync(["objects:read", "jobs:read", "ops"]);
        var tables = await ExtendAsync();

        tables.ShouldBe(["health.mt_doc_transition", "jobs.mt_doc_outcome", "jobs.mt_doc_submission", "ops.mt_doc_api_key", "ops.mt_doc_audit_entry", "storage.mt_doc_object", "storage.mt_doc_upload"], "Every document table.");
        foreach (var path in new[] { "objects/newer/one", "objects?prefix=newer/", "api-keys", "audit", "health/history", $"jobs/{job}", $"jobs/{job}/events", "jobs" })
        {
            using var response = await host.SendAsync(HttpMethod.Get, path, key);
            response.IsSuccessStatusCode.ShouldBeTrue($"{path}: {await response.Content.ReadAsStringAsync(CancellationToken)}");
        }
    }

    [Fact]
    public async Task Requests_are_as_strict_as_ever()
    {
        using var response = await host.SendAsync(HttpMethod.Post, "jobs", GuardedHost.AdminKey, new { type = "debug.noop", payload = new { }, fromTheFuture = 1 });

        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.BadRequest);
    }

    private async Task<List<string>> ExtendAsync()
    {
        await using var connection = await host.App.Deployment.ConnectAsync();
        var tables = new List<string>();
        await using (var list = new NpgsqlCommand("SELECT schemaname || '.' || tablename FROM pg_tables WHERE tablename LIKE 'mt_doc_%' ORDER BY 1", connection))
        await using (var reader = await list.ExecuteReaderAsync(CancellationToken))
        {
            while (await reader.ReadAsync(CancellationToken))
                tables.Add(reader.GetString(0));
        }

        foreach (var table in tables)
        {
            await using var extend = new NpgsqlCommand($"UPDATE {table} SET data = data || jsonb_build_object('fromTheFuture', 1)", connection);
            await extend.ExecuteNonQueryAsync(CancellationToken);
        }

        return tables;
    }
}
