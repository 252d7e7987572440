using System.Net;
using Modular.IntegrationTests.Edge;

namespace Modular.IntegrationTests.Outbound;

/// <summary>Where calls that clients ask for may lead: to the internet, and inside only where the operator allows it.</summary>
public sealed class DestinationTests(OutboundHost host) : IClassFixture<OutboundHost>
{
    [Theory]
    [InlineData("127.0.0.2")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.2]")]
    [InlineData("[::ffff:7f00:2]")]
    [InlineData("[::127.0.0.2]")]
    [InlineData("[::]")]
    [InlineData("0.0.0.0")]
    [InlineData("2130706434")]
    [InlineData("0177.0.0.2")]
    [InlineData("0x7f000002")]
    [InlineData("0x7f.2")]
    [InlineData("127.2")]
    [InlineData("localhost")]
    [InlineData("LOCALHOST.")]
    [InlineData("169.254.169.254")]
    [InlineData("10.0.0.1")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.0.1")]
    [InlineData("100.64.0.1")]
    [InlineData("100.127.255.255")]
    [InlineData("192.0.0.1")]
    [InlineData("198.18.0.1")]
    [InlineData("203.0.113.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("[fc00::1]")]
    [InlineData("[fdff::1]")]
    [InlineData("[fe80::1]")]
    [InlineData("[ff02::1]")]
    [InlineData("[64:ff9b::127.0.0.2]")]
    [InlineData("[2002:7f00:2::1]")]
    [InlineData("[2001:0:7f00:2::1]")]
    [InlineData("[2001:db8::1]")]
    [InlineData("private.test")]
    [InlineData("private6.test")]
    [InlineData("mapped.test")]
    [InlineData("mixed.test")]
    public async Task What_lies_inside_is_not_called(string name)
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 200, "inside"));
        // The real resolver knows localhost as 127.0.0.1 too, which this Host may reach.
        host.Names.Add("localhost", "127.0.0.2");
        host.Names.Add("localhost.", "127.0.0.2");
        host.Names.Add("private.test", "10.1.2.3");
        host.Names.Add("private6.test", "fd00::1");
        host.Names.Add("mapped.test", "::ffff:10.1.2.3");
        host.Names.Add("mixed.test", "93.184.216.34 127.0.0.2");

        foreach (var job in new[] { await host.CallAsync(new { url = stranger.Url(host: name) }, maxAttempts: 5), await host.ImportAsync(stranger.Url(host: name), "inside", maxAttempts: 5) })
        {
            job.State.ShouldBe("failed");
            job.Attempt.ShouldBe(1, "Another attempt would be refused too.");
            job.Error!.Type.ShouldBe("DestinationRefused");
            job.Error.Message.ShouldContain("OUTBOUND_ALLOW");
            job.Error.Message.ShouldNotContain("10.1.2.3", customMessage: "Who asks must not learn the inside of the network.");
        }

        stranger.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_the_operator_allows_is_called_by_its_address_or_by_its_name()
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 200, "hello"));
        host.Names.Add("allowed.test", "127.0.0.9");

        (await host.CallAsync(new { url = stranger.Url() })).State.ShouldBe("succeeded");
        (await host.CallAsync(new { url = stranger.Url(host: "[::ffff:127.0.0.1]") })).State.ShouldBe("succeeded");
        (await host.CallAsync(new { url = stranger.Url(host: "ALLOWED.test.") })).State.ShouldBe("failed", "The resolver of this test does not know it with a dot.");
        (await host.CallAsync(new { url = stranger.Url(host: "ALLOWED.test") })).State.ShouldBe("succeeded");
        stranger.Requests.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_name_is_resolved_once_for_each_connection_and_judged_each_time()
    {
        await using var stranger = new Stranger((_, stream, _) => Stranger.SayAsync(stream, 200, "hello"));
        host.Names.Add("rebinding.test", "127.0.0.1", "127.0.0.2", "127.0.0.1");

        // Had it been resolved to judge it and again to connect, the first would meet 127.0.0.2 and the second 127.0.0.1.
        (await host.CallAsync(new { url = stranger.Url(host: "rebinding.test") })).State.ShouldBe("succeeded");
        var second = await host.CallAsync(new { url = stranger.Url(host: "rebinding.test") });

        second.Error!.Type.ShouldBe("DestinationRefused");
        stranger.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("http://127.0.0.2:{0}/")]
    [InlineData("//127.0.0.2:{0}/")]
    [InlineData("http://2130706434:{0}/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://private.test/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("http://user:password@127.0.0.1:{0}/")]
    public async Task A_redirect_is_judged_like_a_first_request(string target)
    {
        await using var stranger = new Stranger((request, stream, _) => request.Path == "/start"
            ? Stranger.SayAsync(stream, 302, "", $"Location: {string.Format(target, request.Headers["Host"].Split(':')[1])}")
            : Stranger.SayAsync(stream, 200, "inside"));
        host.Names.Add("private.test", "10.1.2.3");

        foreach (var job in new[] { await host.CallAsync(new { url = stranger.Url("/start") }), await host.ImportAsync(stranger.Url("/start"), "redirected") })
            job.Error!.Type.ShouldBe("DestinationRefused");
        stranger.Requests.ShouldAllBe(request => request.Path == "/start");
    }

    [Fact]
    public async Task Redirects_without_end_are_followed_five_times()
    {
        await using var stranger = new Stranger((request, stream, _) => Stranger.SayAsync(stream, 307, "", $"Location: {request.Path}x"));

        var job = await host.CallAsync(new { url = stranger.Url("/") }, maxAttempts: 5);

        job.Error!.Message.ShouldContain("redirects once more after 5 redirects");
        stranger.Requests.Select(request => request.Path).ShouldBe(["/", "/x", "/xx", "/xxx", "/xxxx", "/xxxxx"]);
    }

    [Theory]
    [InlineData("ftp://example.com/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://127.0.0.1:6379/_PING")]
    [InlineData("javascript:alert(1)")]
    [InlineData("//example.com/")]
    [InlineData("/relative")]
    [InlineData("http://")]
    [InlineData("http://user:secret@example.com/")]
    [InlineData("")]
    public async Task A_URL_that_can_never_be_called_is_refused_at_submission(string url)
    {
        foreach (var (type, payload) in new (string, object)[] { ("http.call", new { url }), ("object.import", new { url, key = "never" }) })
        {
            using var response = await host.App.PostJobAsync(type, payload);
            var problem = await response.ProblemAsync(HttpStatusCode.BadRequest);
            problem.GetProperty("errors").GetProperty("payload.url")[0].GetString()!.ShouldStartWith("must");
            problem.GetRawText().ShouldNotContain("secret@");
        }
    }
}
