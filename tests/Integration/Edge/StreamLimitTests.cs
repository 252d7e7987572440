using System.Net;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Edge;

public sealed class StreamLimitTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task So_many_streams_per_client_and_no_more_until_one_closes()
    {
        await using var app = await ModularApp.StartAsync(new Dictionary<string, string>
        {
            ["MAX_STREAMS_PER_CLIENT"] = "2", ["TRUSTED_PROXIES"] = "127.0.0.1", ["RATE_LIMIT_PER_MINUTE"] = "5",
        });
        var job = await app.SubmitAsync("debug.sleep", new { milliseconds = 3_600_000 });
        var client = EdgeClient.NewAddress();
        using var first = await OpenAsync(app, job.Id, client);
        using var second = await OpenAsync(app, job.Id, client);
        await ReadOpeningAsync(first);
        await ReadOpeningAsync(second);
        first.Header("RateLimit").ShouldBeNull("Streams are capped, not rated.");

        for (var attempt = 0; attempt < 10; attempt++)
        {
            using var third = await OpenAsync(app, job.Id, client);
            (await third.ProblemAsync(HttpStatusCode.TooManyRequests)).GetProperty("detail").GetString()!.ShouldContain("2 event streams open");
            third.Header("Retry-After").ShouldBe("5");
        }

        using var elsewhere = await OpenAsync(app, job.Id, EdgeClient.NewAddress());
        await ReadOpeningAsync(elsewhere);

        first.Dispose();
        await Eventually.IsTrueAsync(
            async () =>
            {
                using var another = await OpenAsync(app, job.Id, client);
                return another.StatusCode == HttpStatusCode.OK;
            },
            "the closed stream's place is free");
    }

    private static Task<HttpResponseMessage> OpenAsync(ModularApp app, Guid job, string client) =>
        app.SendAsync(HttpMethod.Get, $"jobs/{job}/events", null, ("X-Forwarded-For", client));

    private static async Task ReadOpeningAsync(HttpResponseMessage stream)
    {
        stream.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(CancellationToken), leaveOpen: true);
        (await reader.ReadLineAsync(CancellationToken)).ShouldBe("retry: 2000");
    }
}
