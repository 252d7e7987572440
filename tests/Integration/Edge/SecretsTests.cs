using System.Net;
using System.Net.Http.Headers;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;
using static Modular.IntegrationTests.Edge.EdgeClient;

namespace Modular.IntegrationTests.Edge;

/// <summary>Secrets come in by every door there is; none may come out in a log line, at any level.</summary>
public sealed class SecretsTests
{
    private const string Secret = "S3CR3T-do-not-tell";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private static Dictionary<string, string> Settings(string format) => new(StringComparer.Ordinal)
    {
        ["LOG_FORMAT"] = format,
        ["LOG_LEVEL"] = "debug",
        ["ADMIN_API_KEY"] = $"{Secret}-admin-\"quoted\\-key-of-32-and-more",
        ["S3_SECRET_KEY"] = $"{Secret}-s3",
    };

    [Theory]
    [InlineData("json")]
    [InlineData("text")]
    public async Task No_line_holds_what_a_request_or_a_setting_kept_secret(string format)
    {
        await using var host = await HostProcess.StartAsync(settings: Settings(format));
        host.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Settings(format)["ADMIN_API_KEY"]);

        // Wrong keys, in every place where somebody may put one.
        (string Name, string Value)[] headers =
        [
            ("Authorization", $"Bearer {Secret}"), ("Authorization", $"Bearer mk_{Secret}"), ("Authorization", $"Basic {Secret}"), ("X-Api-Key", Secret),
            ("Cookie", $"modular_session={Secret}; other={Secret}"), ("Proxy-Authorization", Secret), ("X-Request-Id", $"{Secret} {Secret}"), ("Idempotency-Key", Secret),
            ("traceparent", Secret), ("baggage", $"secret={Secret}"), ("Referer", $"https://example.com/?{Secret}"), ("X-Forwarded-For", Secret), ("Last-Event-ID", Secret),
        ];
        foreach (var header in headers)
        {
            using var answer = await host.SendAsync(HttpMethod.Get, $"jobs?signature={Secret}&token={Secret}&state={Secret}&limit={Secret}", null, header);
            ((int)answer.StatusCode).ShouldBeInRange(400, 499);
        }

        // Bodies: refused, malformed, accepted, failing.
        foreach (var body in new[]
        {
            $$"""{"type":"debug.noop","payload":{"{{Secret}}":"{{Secret}}"},"{{Secret}}":1}""", $$"""{"type":"{{Secret}}"}""", $"{{\"type\":\"{Secret}", Secret,
            $$"""{"type":"debug.noop","payload":{},"metadata":{"password":"{{Secret}}"},"tags":["{{Secret}}"]}""",
        })
        {
            using var answer = await host.SendAsync(HttpMethod.Post, "jobs", Json(body), ("Idempotency-Key", $"{Secret}-{body.Length}"));
        }

        using (var session = await host.SendAsync(HttpMethod.Post, "session", Json(new { key = Secret })))
            session.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var created = await host.SendAsync(HttpMethod.Post, "api-keys", Json(new { name = "planted", scopes = new[] { "jobs:read" } }));
        var key = (await created.ReadJsonAsync(HttpStatusCode.Created)).GetProperty("key").GetString()!;
        using var used = await host.SendAsync(HttpMethod.Get, "job-types", null, ("Authorization", $"Bearer {key}"));

        // A signed URL, right and forged.
        await host.PutObjectAsync("planted", "bytes"u8.ToArray());
        using var link = await host.SendAsync(HttpMethod.Post, "objects/links", Json(new { key = "planted", expiresSeconds = 60 }));
        var url = (await link.ReadJsonAsync(HttpStatusCode.Created)).GetProperty("url").GetString()!;
        (await host.Client.GetByteArrayAsync(url, CancellationToken)).ShouldBe("bytes"u8.ToArray());
        var signature = System.Web.HttpUtility.ParseQueryString(new Uri(url).Query)["signature"]!;
        using var forged = await host.SendAsync(HttpMethod.Get, url.Replace(signature, Secret));

        // And a fault in the middle of it.
        using var last = await host.SendAsync(HttpMethod.Get, $"nowhere?{Secret}", null, ("User-Agent", "last"));
        await Eventually.IsTrueAsync(() => host.Output.Any(line => line.Contains("agent last") || line.Contains("\"UserAgent\":\"last\"")), "the last request has its line");
        (await host.TerminateAsync()).ShouldBe(0);
        ShouldTellNothing(host, Secret, key, key["mk_".Length..], signature);
    }

    [Fact]
    public async Task A_database_that_refuses_or_is_not_there_gives_no_password_away()
    {
        await using var deployment = await Deployment.CreateAsync();
        var wrong = new NpgsqlConnectionStringBuilder(deployment.ConnectionString) { Password = Secret }.ConnectionString;
        await using var refused = await HostProcess.LaunchAsync(deployment, new Dictionary<string, string>(Settings("json")) { ["DATABASE_URL"] = wrong });
        await using var absent = await HostProcess.LaunchAsync(
            deployment, new Dictionary<string, string>(Settings("json")) { ["DATABASE_URL"] = $"postgres://user:{Secret}@127.0.0.1:{Loopback.FreePort()}/none" });
        await using var unreadable = await HostProcess.LaunchAsync(
            deployment, new Dictionary<string, string>(Settings("json")) { ["DATABASE_URL"] = $"Host=nowhere;Password={Secret};Nonsense={Secret}", ["S3_ENDPOINT"] = $"http://user:{Secret}@host" });

        (await refused.WaitForExitAsync()).ShouldBe(1, "A wrong password is told, and a restart may find it corrected.");
        LogLines.Parse(refused)[^1].Text("@x")!.ShouldContain("28P01");
        await Eventually.IsTrueAsync(() => absent.Output.Any(line => line.Contains("does not answer yet")), "it waits for the database");
        (await unreadable.WaitForExitAsync()).ShouldBe(78);
        ShouldTellNothing(refused, Secret);
        ShouldTellNothing(absent, Secret);
        ShouldTellNothing(unreadable, Secret);
    }

    [Fact]
    public async Task An_object_store_that_is_not_there_gives_no_key_away()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var host = await HostProcess.LaunchAsync(deployment, new Dictionary<string, string>(Settings("json"))
        {
            ["STORAGE_PROVIDER"] = "s3", ["S3_ENDPOINT"] = $"http://127.0.0.1:{Loopback.FreePort()}", ["S3_ACCESS_KEY"] = "somebody",
        });
        await Eventually.IsTrueAsync(() => host.Output.Any(line => line.Contains("object store")), "it tells about the store", TimeSpan.FromSeconds(30));
        ShouldTellNothing(host, Secret);
    }

    private static void ShouldTellNothing(HostProcess host, params string[] secrets)
    {
        host.Output.ShouldNotBeEmpty();
        foreach (var line in host.Output)
        {
            foreach (var secret in secrets)
                line.ShouldNotContain(secret);
        }
    }
}
