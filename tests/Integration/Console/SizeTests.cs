using System.Diagnostics;
using System.Net.Http.Json;
using Modular.IntegrationTests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace Modular.IntegrationTests.Console;

/// <summary>The console with no job, with ten, and with very many.</summary>
public sealed class SizeTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    private const int Batch = 1_000;

    private static readonly int Many = TestSize.Of(2_000, 100_000);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lists_and_jobs_answer_at_any_number_of_jobs()
    {
        await using var visit = await host.VisitAsync("/jobs");
        await Expect(visit.Page.GetByText("There is no job yet")).ToBeVisibleAsync();
        await TellAsync(0);

        await SubmitAsync(10);
        await Expect(visit.Row("debug.noop")).ToHaveCountAsync(10);
        await TellAsync(10);

        for (var there = 10; there < Many; there += Batch)
            await SubmitAsync(Math.Min(Batch, Many - there));
        await TellAsync(Many);
        await visit.GoAsync("/jobs?state=scheduled");
        await Expect(visit.Row("debug.noop")).ToHaveCountAsync(50);
        await visit.Page.Keyboard.PressAsync("]");
        await Expect(visit.Button("Newest")).ToBeEnabledAsync();
        await visit.Button("Cancel all…").ClickAsync();
        await Expect(visit.Page.GetByText($"{Many:N0} jobs match.")).ToBeVisibleAsync();
    }

    private async Task SubmitAsync(int count)
    {
        // Due tomorrow: what is measured is the lists, not the workers.
        var jobs = Enumerable.Range(0, count).Select(_ => new { type = "debug.noop", payload = new { }, delaySeconds = 86_400, tags = new[] { "many" } });
        using var response = await host.App.Client.PostAsJsonAsync("jobs/batch", new { jobs }, CancellationToken);
        response.EnsureSuccessStatusCode();
    }

    // Told, not asserted: the machine may be busy with other tests.
    private async Task TellAsync(int count)
    {
        var list = await host.App.GetAsync<System.Text.Json.JsonElement>("jobs?limit=50");
        var items = list.GetProperty("items");
        string[] paths = ["jobs?limit=50", "jobs?state=failed&limit=50", "jobs?tag=many&limit=50", "queues", "stats?window=15m", .. items.GetArrayLength() > 0 ? [$"jobs/{items[0].GetProperty("id").GetGuid()}"] : Array.Empty<string>()];
        foreach (var path in paths)
        {
            var fastest = TimeSpan.MaxValue;
            for (var time = 0; time < 5; time++)
            {
                var started = Stopwatch.GetTimestamp();
                using var response = await host.App.Client.GetAsync(path, CancellationToken);
                response.EnsureSuccessStatusCode();
                var took = Stopwatch.GetElapsedTime(started);
                fastest = took < fastest ? took : fastest;
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"{count,7} jobs  {path,-60} {fastest.TotalMilliseconds,7:0.0} ms");
        }
    }
}
