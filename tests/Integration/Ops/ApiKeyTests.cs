using System.Net;
using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;
using static Modular.IntegrationTests.Ops.GuardedHost;

namespace Modular.IntegrationTests.Ops;

/// <summary>Who gets in, with what, and for how long.</summary>
public sealed class ApiKeyTests(GuardedHost host) : IClassFixture<GuardedHost>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_key_opens_what_its_scopes_name()
    {
        var (_, key) = await host.CreateKeyAsync(["ops"]);

        key.ShouldStartWith("mk_");
        (await host.StatusAsync(HttpMethod.Get, "audit", key)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_key_of_another_scope_is_told_which_one_it_lacks()
    {
        var (_, key) = await host.CreateKeyAsync(["jobs:read", "metrics"]);

        using var response = await host.SendAsync(HttpMethod.Get, "audit", key);

        (await DetailAsync(response, HttpStatusCode.Forbidden)).ShouldBe("The key lacks the scope ops.");
    }

    [Fact]
    public async Task Without_a_key_a_caller_is_told_how_to_send_one()
    {
        using var response = await host.SendAsync(HttpMethod.Get, "audit", key: null);

        (await DetailAsync(response, HttpStatusCode.Unauthorized)).ShouldContain("Authorization: Bearer KEY");
        response.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer realm=\"modular\"");
        response.Headers.Contains("X-Request-Id").ShouldBeTrue();
        response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("mk_")]
    [InlineData("mk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("mk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' OR 1=1 --")]
    public async Task A_key_that_nobody_made_is_refused(string key)
    {
        using var response = await host.SendAsync(HttpMethod.Get, "audit", key: null, body: null, ("Authorization", $"Bearer {key}"));

        (await DetailAsync(response, HttpStatusCode.Unauthorized)).ShouldContain("not known here");
    }

    [Fact]
    public async Task Another_way_of_authorization_is_refused_by_name()
    {
        using var response = await host.SendAsync(HttpMethod.Get, "audit", key: null, body: null, ("Authorization", "Basic YTpi"));

        (await DetailAsync(response, HttpStatusCode.Unauthorized)).ShouldContain("\"Bearer KEY\"");
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once_here_and_within_5_seconds_on_another_replica()
    {
        var (id, key) = await host.CreateKeyAsync(["ops"]);
        await using var replica = await ModularApp.StartAsync(host.App.Deployment, Settings);
        using var there = CreateClient(replica);
        using (var before = await SendAsync(there, HttpMethod.Get, "audit", key))
            before.StatusCode.ShouldBe(HttpStatusCode.OK);

        (await host.StatusAsync(HttpMethod.Delete, $"api-keys/{id}")).ShouldBe(HttpStatusCode.NoContent);

        (await host.StatusAsync(HttpMethod.Get, "audit", key)).ShouldBe(HttpStatusCode.Unauthorized);
        await Eventually.IsTrueAsync(
            async () =>
            {
                using var response = await SendAsync(there, HttpMethod.Get, "audit", key);
                return response.StatusCode is HttpStatusCode.Unauthorized;
            },
            "the other replica refuses the key",
            TimeSpan.FromSeconds(5));
        (await host.StatusAsync(HttpMethod.Delete, $"api-keys/{id}")).ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_expired_key_is_refused()
    {
        var (_, key) = await host.CreateKeyAsync(["ops"], DateTimeOffset.UtcNow.AddSeconds(6));
        (await host.StatusAsync(HttpMethod.Get, "audit", key)).ShouldBe(HttpStatusCode.OK);

        await Eventually.IsTrueAsync(async () => await host.StatusAsync(HttpMethod.Get, "audit", key) is HttpStatusCode.Unauthorized, "the key has expired");
    }

    [Fact]
    public async Task Only_the_hash_of_a_key_is_stored()
    {
        var (id, key) = await host.CreateKeyAsync(["ops"], name: "hashed");
        await using var connection = await host.App.Deployment.ConnectAsync();
        await using var command = new NpgsqlCommand("SELECT data::text FROM ops.mt_doc_api_key WHERE id = $1", connection) { Parameters = { new() { Value = id } } };

        var stored = (string)(await command.ExecuteScalarAsync(CancellationToken))!;

        stored.ShouldNotContain(key);
        stored.ShouldNotContain(key["mk_".Length..]);
        JsonDocument.Parse(stored).RootElement.GetProperty("hash").GetString()!.Length.ShouldBe(64);
    }

    [Fact]
    public async Task Uses_are_written_in_one_order_so_that_replicas_do_not_block_each_other()
    {
        await using var app = await ModularApp.StartAsync(Settings);
        using var client = CreateClient(app);
        var keys = new List<(Guid Id, string Text)>();
        while (keys.Count < 12)
        {
            using var response = await SendAsync(client, HttpMethod.Post, "api-keys", AdminKey, new { name = "ordered", scopes = new[] { "ops" } });
            var key = await JsonAsync(response, HttpStatusCode.Created);
            keys.Add((key.GetProperty("id").GetGuid(), key.GetProperty("key").GetString()!));
        }

        await using var connection = await app.Deployment.ConnectAsync();
        await ExecuteAsync(connection, "INSERT INTO ops.api_key_use (key_id, last_used_at) SELECT unnest($1), now() - interval '1 day'", keys.Select(key => key.Id).ToArray());
        // A connection of its own to look with: within a transaction pg_stat_activity stays as it was.
        await using var looking = await app.Deployment.ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken);
        await ExecuteAsync(connection, "SELECT FROM ops.api_key_use ORDER BY key_id LIMIT 1 FOR UPDATE");
        foreach (var (_, text) in keys)
        {
            using var used = await SendAsync(client, HttpMethod.Get, "audit", text);
            used.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        await Eventually.IsTrueAsync(
            async () => await ExecuteAsync(
                looking, "SELECT true FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO ops.api_key_use%'") is true,
            "the writer waits for the first key");
        var free = await ExecuteAsync(connection, "SELECT count(*) FROM (SELECT FROM ops.api_key_use FOR UPDATE SKIP LOCKED) AS free");
        free.ShouldBe((long)keys.Count, "The writer that waits for the first key holds no later one.");
    }

    [Fact]
    public async Task The_list_tells_when_a_key_was_last_used_and_never_its_text()
    {
        var (id, key) = await host.CreateKeyAsync(["ops"], name: "listed");
        (await host.StatusAsync(HttpMethod.Get, "audit", key)).ShouldBe(HttpStatusCode.OK);

        var listed = await Eventually.ReadAsync(
            async () => (await host.GetAsync("api-keys?limit=1000")).GetProperty("items").EnumerateArray().Single(item => item.GetProperty("id").GetGuid() == id),
            item => item.GetProperty("lastUsedAt").ValueKind is JsonValueKind.String,
            "its last use is written",
            TimeSpan.FromSeconds(30));

        listed.GetProperty("name").GetString().ShouldBe("listed");
        listed.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()).ShouldBe(["ops"]);
        listed.GetRawText().ShouldNotContain(key);
        listed.TryGetProperty("hash", out _).ShouldBeFalse();
    }

    [Fact]
    public async Task The_list_goes_on_where_its_page_ended()
    {
        var made = new List<Guid>();
        for (var number = 0; number < 3; number++)
            made.Add((await host.CreateKeyAsync(["jobs:read"])).Id);

        var seen = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = await host.GetAsync($"api-keys?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid()));
            cursor = page.GetProperty("nextCursor").GetString();
        }
        while (cursor is not null);

        seen.ShouldBeUnique();
        seen.Where(made.Contains).ShouldBe(Enumerable.Reverse(made), "Newest first, none lost at a page's edge.");
    }

    [Fact]
    public async Task A_key_gives_no_scope_that_it_lacks()
    {
        var (_, key) = await host.CreateKeyAsync(["ops", "jobs:read"]);

        using var response = await host.SendAsync(HttpMethod.Post, "api-keys", key, new { name = "more", scopes = new[] { "jobs:read", "jobs:write" } });

        (await DetailAsync(response, HttpStatusCode.Forbidden)).ShouldContain("jobs:write");
        (await host.StatusAsync(HttpMethod.Post, "api-keys", key, new { name = "same", scopes = new[] { "jobs:read" } })).ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_request_that_makes_no_sense_is_told_every_field_at_once()
    {
        using var response = await host.SendAsync(
            HttpMethod.Post, "api-keys", AdminKey, new { name = "", scopes = new[] { "root" }, expiresAt = "2020-01-01T00:00:00Z", rateLimitPerMinute = 0 });

        var errors = (await JsonAsync(response, HttpStatusCode.BadRequest)).GetProperty("errors");
        errors.EnumerateObject().Select(field => field.Name).ShouldBe(["name", "scopes[0]", "expiresAt", "rateLimitPerMinute"], ignoreOrder: true);
        errors.GetProperty("scopes[0]")[0].GetString().ShouldBe("must be one of jobs:read, jobs:write, objects:read, objects:write, ops, metrics");
    }

    [Theory]
    [InlineData("{}", "name", "scopes")]
    [InlineData("{\"name\":\"a\",\"scopes\":[]}", "scopes")]
    [InlineData("{\"name\":\"a\",\"scopes\":[\"ops\",\"ops\"]}", "scopes")]
    [InlineData("{\"name\":\"a\",\"scopes\":[null]}", "scopes[0]")]
    [InlineData("{\"name\":\"a\",\"scopes\":[\"ops\"],\"id\":1}", "id")]
    [InlineData("{\"name\":\"a\",\"scopes\":[\"ops\"],\"grantedBy\":[\"ops\"]}", "grantedBy")]
    public async Task Bad_input_names_its_fields(string body, params string[] fields)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "api-keys") { Content = content, Headers = { { "Authorization", $"Bearer {AdminKey}" } } };
        using var response = await host.Client.SendAsync(request, CancellationToken);

        var errors = (await JsonAsync(response, HttpStatusCode.BadRequest)).GetProperty("errors");
        errors.EnumerateObject().Select(field => field.Name).ShouldBe(fields, ignoreOrder: true);
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(values.Select(value => new NpgsqlParameter { Value = value }).ToArray());
        return await command.ExecuteScalarAsync(CancellationToken);
    }
}
