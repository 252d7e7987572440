using System.Net;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Ops.GuardedHost;

namespace Modular.IntegrationTests.Ops;

/// <summary>The browser's way in.</summary>
public sealed class SessionTests(GuardedHost host) : IClassFixture<GuardedHost>
{
    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    public async Task It_changes_nothing_for_a_page_of_another_site(string header, string value)
    {
        var cookie = await SignInAsync(AdminKey);

        using var refused = await SendAsync(host.Client, HttpMethod.Post, "queues/forged/pause", key: null, body: null, ("Cookie", cookie), (header, value));
        (await DetailAsync(refused, HttpStatusCode.Forbidden)).ShouldContain("another site");

        using var reading = await SendAsync(host.Client, HttpMethod.Get, "queues", key: null, body: null, ("Cookie", cookie), (header, value));
        reading.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var withKey = await SendAsync(host.Client, HttpMethod.Post, "queues/forged/resume", AdminKey, body: null, (header, value));
        withKey.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    [InlineData("Origin", null)]
    [InlineData("Accept", "*/*")]
    public async Task It_changes_what_its_own_pages_and_programs_ask(string header, string? value)
    {
        var cookie = await SignInAsync(AdminKey);

        using var response = await SendAsync(
            host.Client, HttpMethod.Post, "queues/own/resume", key: null, body: null, ("Cookie", cookie), (header, value ?? $"http://127.0.0.1:{host.App.Port}"));

        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Its_cookie_is_out_of_reach_for_scripts_and_other_sites()
    {
        using var response = await host.SendAsync(HttpMethod.Post, "session", key: null, new { key = AdminKey });

        var who = await JsonAsync(response, HttpStatusCode.OK);
        who.GetProperty("name").GetString().ShouldBe("admin");
        who.TryGetProperty("token", out _).ShouldBeFalse();
        var cookie = response.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem();
        cookie.ShouldContain("; httponly");
        cookie.ShouldContain("; samesite=strict");
        cookie.ShouldContain("; path=/");
        cookie.ShouldNotContain(AdminKey);
    }

    [Fact]
    public async Task It_carries_the_scopes_of_its_key()
    {
        var (id, key) = await host.CreateKeyAsync(["metrics"], name: "a scraper");
        var cookie = await SignInAsync(key);

        using var session = await WithCookieAsync(HttpMethod.Get, "session", cookie);
        var who = await JsonAsync(session, HttpStatusCode.OK);
        who.GetProperty("id").GetString().ShouldBe(id.ToString());
        who.GetProperty("name").GetString().ShouldBe("a scraper");
        who.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()).ShouldBe(["metrics"]);

        using var allowed = await WithCookieAsync(HttpMethod.Get, "metrics", cookie);
        allowed.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var refused = await WithCookieAsync(HttpMethod.Get, "audit", cookie);
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task It_is_known_to_every_replica()
    {
        var cookie = await SignInAsync(AdminKey);
        await using var replica = await ModularApp.StartAsync(host.App.Deployment, Settings);
        using var there = CreateClient(replica);

        using var response = await SendAsync(there, HttpMethod.Get, "session", key: null, body: null, ("Cookie", cookie));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Another_admin_key_ends_the_sessions_of_the_old_one()
    {
        var cookie = await SignInAsync(AdminKey);
        await using var replica = await ModularApp.StartAsync(
            host.App.Deployment, new Dictionary<string, string> { ["ADMIN_API_KEY"] = "another-admin-key-of-more-than-32-characters" });
        using var there = CreateClient(replica);

        using var response = await SendAsync(there, HttpMethod.Get, "session", key: null, body: null, ("Cookie", cookie));

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task It_ends_with_its_key()
    {
        var (id, key) = await host.CreateKeyAsync(["ops"]);
        var cookie = await SignInAsync(key);
        (await host.StatusAsync(HttpMethod.Delete, $"api-keys/{id}")).ShouldBe(HttpStatusCode.NoContent);

        using var response = await WithCookieAsync(HttpMethod.Get, "session", cookie);

        (await DetailAsync(response, HttpStatusCode.Unauthorized)).ShouldContain("sign in again");
    }

    [Fact]
    public async Task Signing_out_takes_the_cookie_away()
    {
        var cookie = await SignInAsync(AdminKey);

        using var response = await WithCookieAsync(HttpMethod.Delete, "session", cookie);

        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        var taken = response.Headers.GetValues("Set-Cookie").ShouldHaveSingleItem();
        taken.ShouldStartWith("modular_session=;");
        taken.ShouldContain("expires=Thu, 01 Jan 1970");
    }

    [Fact]
    public async Task Signing_out_ends_the_session_here_at_once_and_within_5_seconds_on_another_replica()
    {
        await using var replica = await ModularApp.StartAsync(host.App.Deployment, Settings);
        using var there = CreateClient(replica);
        var (cookie, other) = (await SignInAsync(AdminKey), await SignInAsync(AdminKey));
        using (var before = await SendAsync(there, HttpMethod.Get, "session", key: null, body: null, ("Cookie", cookie)))
            before.StatusCode.ShouldBe(HttpStatusCode.OK);

        using (var signedOut = await WithCookieAsync(HttpMethod.Delete, "session", cookie))
            signedOut.StatusCode.ShouldBe(HttpStatusCode.NoContent);

        using (var here = await WithCookieAsync(HttpMethod.Get, "session", cookie))
            here.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "Whoever copied the cookie is out too.");
        await Eventually.IsTrueAsync(
            async () =>
            {
                using var response = await SendAsync(there, HttpMethod.Get, "session", key: null, body: null, ("Cookie", cookie));
                return response.StatusCode is HttpStatusCode.Unauthorized;
            },
            "the other replica knows that the session is over",
            TimeSpan.FromSeconds(5));
        await using var late = await ModularApp.StartAsync(host.App.Deployment, Settings);
        using var lateClient = CreateClient(late);
        using (var first = await SendAsync(lateClient, HttpMethod.Get, "session", key: null, body: null, ("Cookie", cookie)))
            first.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, "A replica knows it with its first request.");
        using var still = await WithCookieAsync(HttpMethod.Get, "session", other);
        still.StatusCode.ShouldBe(HttpStatusCode.OK, "Another session of the same key goes on.");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("modular_session=forged.1.2.3")]
    public async Task Signing_out_of_nothing_is_no_mistake(string? cookie)
    {
        using var response = cookie is null ? await host.SendAsync(HttpMethod.Delete, "session", key: null) : await WithCookieAsync(HttpMethod.Delete, "session", cookie);

        response.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("AAAA.9999999999.00000000000000000000000000000000.admin")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.9999999999.x.admin")]
    [InlineData("not base64!.99999999999999999999.x.admin")]
    public async Task A_forged_cookie_is_refused(string token)
    {
        using var response = await WithCookieAsync(HttpMethod.Get, "session", $"modular_session={token}");

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_cookie_whose_end_was_moved_is_refused()
    {
        var cookie = await SignInAsync(AdminKey);
        var parts = cookie.Split('.');

        using var response = await WithCookieAsync(HttpMethod.Get, "session", $"{parts[0]}.{long.Parse(parts[1]) + 3600}.{parts[2]}.{parts[3]}");

        response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("nonsense", HttpStatusCode.Unauthorized)]
    [InlineData("", HttpStatusCode.BadRequest)]
    [InlineData(null, HttpStatusCode.BadRequest)]
    public async Task A_wrong_key_opens_no_session(string? key, HttpStatusCode expected)
    {
        using var response = await host.SendAsync(HttpMethod.Post, "session", key: null, new { key });

        response.StatusCode.ShouldBe(expected);
        response.Headers.Contains("Set-Cookie").ShouldBeFalse();
    }

    private async Task<string> SignInAsync(string key)
    {
        using var response = await host.SendAsync(HttpMethod.Post, "session", key: null, new { key });
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
    }

    private Task<HttpResponseMessage> WithCookieAsync(HttpMethod method, string path, string cookie) =>
        host.SendAsync(method, path, key: null, body: null, ("Cookie", cookie));
}
