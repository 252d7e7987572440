using System.Net;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Edge.EdgeClient;

namespace Modular.IntegrationTests.Edge;

/// <summary>What the service believes about where a request came from; the audit trail shows it.</summary>
public sealed class ClientAddressTests(ClientAddressTests.ProxiedHost proxied) : IClassFixture<ClientAddressTests.ProxiedHost>
{
    [Theory]
    [InlineData("203.0.113.9", "203.0.113.9", "the proxy is trusted")]
    [InlineData("1.1.1.1, 203.0.113.9", "203.0.113.9", "the client wrote the left one itself")]
    [InlineData("1.1.1.1, 203.0.113.9, 10.1.2.3", "203.0.113.9", "10.0.0.0/8 is a proxy of ours too")]
    [InlineData("203.0.113.9, fd00::1, 10.1.2.3, ::ffff:10.9.9.9", "203.0.113.9", "all of these are ours")]
    [InlineData("10.1.1.1, 10.1.2.3", "10.1.1.1", "a client inside our networks")]
    [InlineData("203.0.113.9:5123", "203.0.113.9", "some proxies add the port")]
    [InlineData("[2001:db8::7]:5123", "2001:db8::7", "some proxies add the port")]
    [InlineData("::ffff:203.0.113.9", "203.0.113.9", "one spelling per address")]
    [InlineData("203.0.113.9, unknown, 10.1.2.3", "10.1.2.3", "who cannot be read is where trust ends")]
    [InlineData("nonsense", "127.0.0.1", "nothing was said")]
    [InlineData("", "127.0.0.1", "nothing was said")]
    public async Task The_client_is_the_last_address_that_no_proxy_of_ours_has(string forwardedFor, string client, string because) =>
        (await ClientOfAsync(proxied.App, ("X-Forwarded-For", forwardedFor))).ShouldBe(client, because);

    [Fact]
    public async Task Several_header_lines_are_one_list() =>
        (await ClientOfAsync(proxied.App, ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "10.1.2.3"))).ShouldBe("203.0.113.9");

    [Fact]
    public async Task Another_header_is_not_believed() =>
        (await ClientOfAsync(proxied.App, ("X-Real-IP", "203.0.113.9"), ("Forwarded", "for=203.0.113.9"))).ShouldBe("127.0.0.1");

    [Fact]
    public async Task A_proxy_may_use_a_header_of_its_own()
    {
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string> { ["TRUSTED_PROXIES"] = "127.0.0.0/8", ["CLIENT_IP_HEADER"] = "X-Real-IP" });
        (await ClientOfAsync(app, ("X-Real-IP", "203.0.113.9"), ("X-Forwarded-For", "1.1.1.1"))).ShouldBe("203.0.113.9");
    }

    [Fact]
    public async Task Without_trusted_proxies_a_header_opens_no_new_bucket()
    {
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string> { ["RATE_LIMIT_PER_MINUTE"] = "5" });
        (await ClientOfAsync(app, ("X-Forwarded-For", "203.0.113.9"), ("X-Real-IP", "203.0.113.9"))).ShouldBe("127.0.0.1");
        HttpStatusCode last;
        var requests = 2;
        do
        {
            using var answer = await app.SendAsync(HttpMethod.Get, "job-types", null, ("X-Forwarded-For", NewAddress()), ("X-Real-IP", NewAddress()), ("Forwarded", $"for={NewAddress()}"));
            last = answer.StatusCode;
        }
        while (last == HttpStatusCode.OK && ++requests < 20);
        (last, requests).ShouldBe((HttpStatusCode.TooManyRequests, 5));
    }

    [Theory]
    [InlineData("https", "https")]
    [InlineData("http", "http")]
    [InlineData("https, http", "http")]
    [InlineData("gopher", "http")]
    public async Task A_trusted_proxy_says_that_the_client_came_by_TLS(string forwarded, string scheme)
    {
        using var answer = await proxied.App.SendAsync(
            HttpMethod.Post, "objects/uploads", Json(new { key = "a", size = 1 }),
            ("X-Forwarded-For", NewAddress()), ("X-Forwarded-Proto", forwarded), ("Authorization", $"Bearer {AdminKey}"));
        (await answer.ReadJsonAsync(HttpStatusCode.Created)).GetProperty("url").GetString()!.ShouldStartWith($"{scheme}://");
    }

    [Fact]
    public async Task Nobody_else_does()
    {
        await using var app = await ModularApp.StartAsync();
        using var answer = await app.SendAsync(HttpMethod.Post, "objects/uploads", Json(new { key = "a", size = 1 }), ("X-Forwarded-Proto", "https"));
        (await answer.ReadJsonAsync(HttpStatusCode.Created)).GetProperty("url").GetString()!.ShouldStartWith("http://");
        answer.Header("Strict-Transport-Security").ShouldBeNull();
    }

    private static async Task<string?> ClientOfAsync(ModularApp app, params (string Name, string Value)[] headers)
    {
        using var set = await app.SendAsync(HttpMethod.Put, "log-level", Json(new { level = "warn" }), [.. headers, ("Authorization", $"Bearer {AdminKey}")]);
        await set.ReadJsonAsync();
        using var audit = await app.SendAsync(HttpMethod.Get, "audit?limit=1", null, ("X-Forwarded-For", NewAddress()), ("Authorization", $"Bearer {AdminKey}"));
        return (await audit.ReadJsonAsync()).GetProperty("items")[0].GetProperty("clientIp").GetString();
    }

    public sealed class ProxiedHost : IAsyncLifetime
    {
        internal ModularApp App { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            App = await ModularApp.StartAsync(new Dictionary<string, string> { ["ADMIN_API_KEY"] = AdminKey, ["TRUSTED_PROXIES"] = "127.0.0.1, 10.0.0.0/8, fd00::/8", ["WORKER_CONCURRENCY"] = "0" });

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }
}
