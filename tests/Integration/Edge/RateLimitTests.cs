using System.Globalization;
using System.Net;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Edge.EdgeClient;
using static Modular.IntegrationTests.Edge.LimitedHost;

namespace Modular.IntegrationTests.Edge;

public sealed class RateLimitTests(LimitedHost host) : IClassFixture<LimitedHost>
{
    [Fact]
    public async Task The_request_after_the_last_allowed_one_is_told_exactly_when_to_come_back()
    {
        var client = NewAddress();
        for (var left = PerMinute - 1; left >= 0; left--)
        {
            using var served = await host.FromAsync(client);
            served.StatusCode.ShouldBe(HttpStatusCode.OK);
            served.Header("RateLimit-Policy").ShouldBe($"\"client\";q={PerMinute};w=60");
            served.Header("RateLimit").ShouldBe($"\"client\";r={left};t=60");
        }

        host.Time.Advance(TimeSpan.FromSeconds(17.5));
        using var refused = await host.FromAsync(client);
        (await refused.ProblemAsync(HttpStatusCode.TooManyRequests)).GetProperty("detail").GetString()!.ShouldContain("try again in 43 s");
        refused.Header("Retry-After").ShouldBe("43");
        refused.Header("RateLimit").ShouldBe("\"client\";r=0;t=43");
        refused.Header("RateLimit-Policy").ShouldBe($"\"client\";q={PerMinute};w=60");

        host.Time.Advance(TimeSpan.FromSeconds(42));
        using var stillRefused = await host.FromAsync(client);
        (stillRefused.StatusCode, stillRefused.Header("Retry-After")).ShouldBe((HttpStatusCode.TooManyRequests, "1"));
        host.Time.Advance(TimeSpan.FromSeconds(1));
        using var again = await host.FromAsync(client);
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Errors_count_and_carry_the_headers_too()
    {
        var client = NewAddress();
        using var missing = await host.FromAsync(client, $"jobs/{Guid.NewGuid()}");
        (missing.StatusCode, missing.Header("RateLimit")).ShouldBe((HttpStatusCode.NotFound, $"\"client\";r={PerMinute - 1};t=60"));
        using var nowhere = await host.FromAsync(client, "no/such/route");
        (nowhere.StatusCode, nowhere.Header("RateLimit")).ShouldBe((HttpStatusCode.NotFound, $"\"client\";r={PerMinute - 2};t=60"));
        using var anonymous = await host.FromAsync(client, "jobs", key: null);
        (anonymous.StatusCode, anonymous.Header("RateLimit")).ShouldBe((HttpStatusCode.Unauthorized, $"\"client\";r={PerMinute - 3};t=60"));
    }

    [Theory]
    [InlineData("POST", "jobs/batch")]
    [InlineData("POST", "jobs/bulk")]
    [InlineData("POST", "objects")]
    [InlineData("POST", "objects/uploads")]
    [InlineData("POST", "session")]
    [InlineData("POST", "api-keys")]
    public async Task An_expensive_route_has_a_smaller_allowance_beside_the_common_one(string method, string path)
    {
        var client = NewAddress();
        for (var left = ExpensivePerMinute - 1; left >= 0; left--)
        {
            using var served = await host.FromAsync(client, path, new HttpMethod(method), Body());
            served.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
            served.Header("RateLimit-Policy").ShouldBe($"\"client\";q={PerMinute};w=60, \"expensive\";q={ExpensivePerMinute};w=60");
            served.Header("RateLimit").ShouldEndWith($"\"expensive\";r={left};t=60");
        }

        using var refused = await host.FromAsync(client, path, new HttpMethod(method), Body());
        await refused.ProblemAsync(HttpStatusCode.TooManyRequests);
        refused.Header("Retry-After").ShouldBe("60");
        using var cheap = await host.FromAsync(client);
        cheap.StatusCode.ShouldBe(HttpStatusCode.OK, "What is not expensive goes on.");

        HttpContent Body() => path == "objects" ? new MultipartFormDataContent { { new StringContent("p/"), "prefix" } } : Json("{}");
    }

    [Theory]
    [InlineData("health/live")]
    [InlineData("health/ready")]
    [InlineData("metrics")]
    [InlineData("/")]
    [InlineData("/docs")]
    [InlineData("/assets/0123456789abcdef/app.js")]
    public async Task Supervisors_scrapers_and_pages_are_never_refused(string path)
    {
        var client = NewAddress();
        for (var request = 0; request < 3 * PerMinute; request++)
        {
            using var answer = await host.FromAsync(client, path);
            answer.StatusCode.ShouldNotBe(HttpStatusCode.TooManyRequests);
            answer.Header("RateLimit").ShouldBeNull();
        }
    }

    [Fact]
    public async Task Addresses_of_one_IPv6_network_are_one_client()
    {
        var network = $"2001:db8:{Random.Shared.Next(1, 0xffff):x}:{Random.Shared.Next(1, 0xfffe):x}";
        for (var request = 0; request < PerMinute; request++)
        {
            using var served = await host.FromAsync($"{network}:{request + 1}::{request + 7}");
            served.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        using var refused = await host.FromAsync($"[{network}:ffff::1]:40000");
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        using var neighbour = await host.FromAsync("2001:db8::1");
        neighbour.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_key_with_its_own_rate_counts_by_key_from_wherever_it_calls()
    {
        using var created = await host.FromAsync(
            NewAddress(), "api-keys", HttpMethod.Post, Json(new { name = "busy", scopes = new[] { "jobs:read", "jobs:write" }, rateLimitPerMinute = 8 }));
        var key = (await created.ReadJsonAsync(HttpStatusCode.Created)).GetProperty("key").GetString();
        for (var left = 7; left >= 0; left--)
        {
            // Expensive or not: who gave the key its rate meant all that it calls.
            using var served = left % 2 == 0
                ? await host.FromAsync(NewAddress(), key: key)
                : await host.FromAsync(NewAddress(), "jobs/batch", HttpMethod.Post, Json("{}"), key);
            served.StatusCode.ShouldBeOneOf(HttpStatusCode.OK, HttpStatusCode.BadRequest);
            served.Header("RateLimit").ShouldStartWith($"\"key\";r={left};t=");
            served.Header("RateLimit-Policy").ShouldBe("\"key\";q=8;w=60");
        }

        using var refused = await host.FromAsync(NewAddress(), key: key);
        refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        int.Parse(refused.Header("Retry-After")!, CultureInfo.InvariantCulture).ShouldBeInRange(1, 60);
    }

    [Fact]
    public async Task A_key_with_its_own_rate_leaves_the_address_to_others()
    {
        using var created = await host.FromAsync(NewAddress(), "api-keys", HttpMethod.Post, Json(new { name = "busy", scopes = new[] { "jobs:read" }, rateLimitPerMinute = 100 }));
        var key = (await created.ReadJsonAsync(HttpStatusCode.Created)).GetProperty("key").GetString();
        var address = NewAddress();
        for (var request = 0; request < 2 * PerMinute; request++)
        {
            using var served = await host.FromAsync(address, key: key);
            served.StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        using var other = await host.FromAsync(address);
        other.Header("RateLimit").ShouldBe($"\"client\";r={PerMinute - 1};t=60");
    }

    [Fact]
    public async Task Wrong_keys_are_counted_on_every_route_and_then_not_even_looked_at()
    {
        var client = NewAddress();
        for (var attempt = 0; attempt < PerMinute; attempt++)
        {
            using var wrong = await host.FromAsync(client, "metrics", key: $"mk_{Convert.ToBase64String(new byte[32]).TrimEnd('=')}");
            wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        using var refused = await host.FromAsync(client, "metrics", key: AdminKey);
        (await refused.ProblemAsync(HttpStatusCode.TooManyRequests)).GetProperty("detail").GetString()!.ShouldContain("wrong API keys");
        refused.Header("Retry-After").ShouldBe("60");
        using var live = await host.FromAsync(client, "health/live", key: null);
        live.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_refusal_can_be_read_by_a_page_of_an_allowed_origin()
    {
        var client = NewAddress();
        HttpResponseMessage answer;
        do
            answer = await host.App.SendAsync(HttpMethod.Get, "job-types", null, ("X-Forwarded-For", client), ("Origin", "https://app.example.com"), ("Authorization", $"Bearer {AdminKey}"));
        while (answer.StatusCode == HttpStatusCode.OK);

        await answer.ProblemAsync(HttpStatusCode.TooManyRequests);
        answer.Header("Access-Control-Allow-Origin").ShouldBe("https://app.example.com");
        answer.Header("Access-Control-Expose-Headers")!.ShouldContain("Retry-After");
        answer.Header("X-Request-Id").ShouldNotBeNull();
    }

    [Fact]
    public async Task No_limit_means_no_headers()
    {
        await using var open = await ModularApp.StartAsync();
        using var answer = await open.SendAsync(HttpMethod.Post, "jobs/batch", Json("{}"));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Header("RateLimit").ShouldBeNull();
    }
}
