using System.Net;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Ops.GuardedHost;

namespace Modular.IntegrationTests.Ops;

public sealed class LogLevelTests(GuardedHost host) : IClassFixture<GuardedHost>
{
    [Fact]
    public async Task A_running_replica_logs_more_when_told_to()
    {
        await using var process = await HostProcess.StartAsync(settings: new Dictionary<string, string> { ["LOG_LEVEL"] = "error" });
        using var quiet = await process.Client.GetAsync("session?quiet", TestContext.Current.CancellationToken);
        using var client = CreateClient(process);

        using (var set = await SendAsync(client, HttpMethod.Put, "log-level", key: null, new { level = "info" }))
            (await JsonAsync(set, HttpStatusCode.OK)).GetProperty("level").GetString().ShouldBe("info");
        using var loud = await process.Client.GetAsync("log-level", TestContext.Current.CancellationToken);

        await Eventually.IsTrueAsync(() => process.Output.Any(line => line.Contains("GET /api/v1/log-level")), "the request has its line");
        process.Output.ShouldNotContain(line => line.Contains("GET /api/v1/session"));
    }

    [Theory]
    [InlineData("verbose")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_level_that_is_none_is_told_which_there_are(string? level)
    {
        using var response = await host.SendAsync(HttpMethod.Put, "log-level", AdminKey, new { level });

        (await JsonAsync(response, HttpStatusCode.BadRequest)).GetProperty("errors").GetProperty("level")[0].GetString().ShouldBe("must be one of debug, info, warn, error");
    }
}
