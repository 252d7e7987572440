using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Modular.Fixtures;
using Modular.IntegrationTests.Infrastructure;
using static Microsoft.Playwright.Assertions;

namespace Modular.IntegrationTests.Console;

/// <summary>Every page as people see it: light and dark, wide and narrow, by eyes and by assistive technology.</summary>
public sealed class LookTests(LookTests.LivelyHost lively) : IClassFixture<LookTests.LivelyHost>
{
    private static readonly AxeRunOptions Wcag22 = new()
    {
        RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] },
    };

    public static TheoryData<string, ColorScheme, int> Looks()
    {
        var looks = new TheoryData<string, ColorScheme, int>();
        foreach (var (index, page) in LivelyHost.Pages.Keys.Index())
        {
            var (scheme, width) = index % 2 == 0 ? (ColorScheme.Light, 1440) : (ColorScheme.Dark, 360);
            looks.Add(page, scheme, width);
            if (TestSize.IsFull)
            {
                looks.Add(page, scheme, width == 360 ? 1440 : 360);
                looks.Add(page, scheme is ColorScheme.Dark ? ColorScheme.Light : ColorScheme.Dark, 1440);
                looks.Add(page, scheme is ColorScheme.Dark ? ColorScheme.Light : ColorScheme.Dark, 360);
            }
        }

        return looks;
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public async Task A_page_is_readable_for_everybody(string name, ColorScheme scheme, int width)
    {
        await using var visit = name == "sign-in" ? await Visit.StartAsync(lively.Host.Address, width, 900, scheme) : await lively.Host.VisitAsync("/", width, 900, scheme);
        var (path, sign) = LivelyHost.Pages[name];
        await visit.GoAsync(path.Replace("{id}", lively.Job.ToString(), StringComparison.Ordinal));
        await Expect(visit.Page.GetByText(sign).First).ToBeVisibleAsync();
        if (name == "bulk")
            await visit.Button("Retry all…").ClickAsync();

        var result = await visit.Page.RunAxe(Wcag22);
        string.Join('\n', result.Violations.Select(one => $"{one.Id}: {one.Help}: {string.Join("; ", one.Nodes.Select(node => node.Html))}")).ShouldBeEmpty();
        (await visit.Page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")).ShouldBeLessThanOrEqualTo(0, "it is wider than the window");
        await LivelyHost.PictureAsync(visit.Page, name, scheme, width);
    }

    [Fact]
    public async Task The_theme_follows_the_system_until_somebody_chooses()
    {
        await using var visit = await lively.Host.VisitAsync("/queues", scheme: ColorScheme.Dark);
        await Expect(visit.Heading).ToHaveTextAsync("Queues");
        (await BackgroundAsync()).ShouldBe("rgb(19, 19, 18)");

        await visit.Page.Keyboard.PressAsync("t");
        (await BackgroundAsync()).ShouldBe("rgb(246, 245, 242)");
        await visit.Page.ReloadAsync();
        await Expect(visit.Heading).ToHaveTextAsync("Queues");
        (await BackgroundAsync()).ShouldBe("rgb(246, 245, 242)");

        Task<string> BackgroundAsync() => visit.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
    }

    /// <summary>A service in which a bit of everything happens.</summary>
    public sealed class LivelyHost : IAsyncLifetime
    {
        // Asked for by who wants new pictures for the docs: tests leave the tree as it is.
        private static readonly string? Pictures = Environment.GetEnvironmentVariable("MODULAR_SCREENSHOTS");

        private readonly string _gate = ConsoleHost.NewName();

        /// <summary>By name: the address, and a text that is there when the page is whole.</summary>
        internal static IReadOnlyDictionary<string, (string Path, string Sign)> Pages { get; } = new Dictionary<string, (string, string)>(StringComparer.Ordinal)
        {
            ["overview"] = ("/", "the upstream answered 502"),
            ["jobs"] = ("/jobs", "the upstream answered 502"),
            ["bulk"] = ("/jobs?tag=nightly", "the upstream answered 502"),
            ["job"] = ("/jobs/{id}", "row 5200 of 8000"),
            ["new-job"] = ("/new?type=image.resize", "The image to read"),
            ["queues"] = ("/queues", "paused"),
            ["objects"] = ("/objects?prefix=reports/", "july.csv"),
            ["keys"] = ("/keys", "nightly import"),
            ["audit"] = ("/audit", "queue.pause"),
            ["sign-in"] = ("/", "Sign in with an API key"),
        };

        internal ConsoleHost Host { get; } = new();

        internal Guid Job { get; private set; }

        private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

        public async ValueTask InitializeAsync()
        {
            await Host.InitializeAsync();
            var app = Host.App;
            foreach (var key in new[] { "reports/july.csv", "reports/august.csv", "reports/2026/all.zip", "photos/one.png" })
                await app.PutObjectAsync(key, new byte[key.Length * 1000]);
            foreach (var queue in new[] { "default", "imports", "reports" })
                await PostAsync($"queues/{queue}/resume");
            await PostAsync("queues/imports/pause");
            await PostAsync("api-keys", new { name = "nightly import", scopes = new[] { "jobs:write", "objects:write" }, rateLimitPerMinute = 600 });

            var failed = await app.SubmitAsync("debug.fail", new { message = "the upstream answered 502 Bad Gateway" }, job =>
            {
                job["maxAttempts"] = 1;
                job["tags"] = new System.Text.Json.Nodes.JsonArray("nightly", "import");
            });
            for (var number = 1; number <= 6; number++)
            {
                await app.SubmitAsync("archive.zip", new { prefix = "reports/", output = $"archive/{number}.zip" }, job => job["tags"] = new System.Text.Json.Nodes.JsonArray("nightly"));
            }

            await app.SubmitAsync("object.checksum", new { key = "photos/one.png", algorithms = new[] { "sha256" } }, job => job["queue"] = "imports");
            await app.SubmitAsync("debug.noop", new { }, job => job["delaySeconds"] = 7200);
            var running = await Host.ActAsync(
                "monthly", 3, new { log = "reading reports/july.csv" }, new { log = "8000 rows, 14 columns" }, new { artifact = "summary.txt", message = "8000 rows" }, new { progress = 65, message = "row 5200 of 8000" }, new { gate = _gate });
            Job = running.Id;
            await app.WaitForJobAsync(failed.Id, "failed");
            await Eventually.IsTrueAsync(async () => (await app.GetJobAsync(Job)).Progress?.Percent == 65, "the job is at 65 %", Visit.Patience);
        }

        public async ValueTask DisposeAsync()
        {
            Gates.Open(_gate);
            await Host.DisposeAsync();
        }

        internal static Task PictureAsync(IPage page, string name, ColorScheme scheme, int width) => Pictures is null
            ? Task.CompletedTask
            : page.ScreenshotAsync(new PageScreenshotOptions
            {
                Path = Path.Combine(Pictures, $"console-{name}{(scheme is ColorScheme.Dark ? "-dark" : "")}{(width < 500 ? "-narrow" : "")}.png"),
            });

        private async Task PostAsync(string path, object? body = null)
        {
            using var response = body is null
                ? await Host.App.Client.PostAsync(path, content: null, CancellationToken)
                : await System.Net.Http.Json.HttpClientJsonExtensions.PostAsJsonAsync(Host.App.Client, path, body, CancellationToken);
            response.EnsureSuccessStatusCode();
        }
    }
}
