using System.Collections.Concurrent;
using Microsoft.Playwright;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Console;

/// <summary>One tab of one operator, with cookies of its own. What goes wrong inside of the page fails the test at the end.</summary>
internal sealed class Visit : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly ConcurrentDictionary<IRequest, string> _open = new();
    private readonly ConcurrentQueue<string> _refused = new();

    private Visit(IBrowserContext context, IPage page)
    {
        _context = context;
        Page = page;
        page.SetDefaultTimeout((float)Patience.TotalMilliseconds);
        page.Request += (_, request) => _open[request] = request.Url;
        page.RequestFinished += (_, request) => _open.TryRemove(request, out var _);
        page.RequestFailed += (_, request) => _refused.Enqueue($"{request.Url}: {request.Failure}");
        page.Response += (_, response) =>
        {
            if (response.Status >= 400)
                _refused.Enqueue($"{response.Url}: {response.Status}");
        };
        page.PageError += (_, error) => _faults.Enqueue(error);
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.Ordinal))
                _faults.Enqueue(message.Text);
        };
    }

    public IPage Page { get; }

    /// <summary>What the page itself said that went wrong: exceptions, and what its policy refused.</summary>
    public IReadOnlyCollection<string> Faults => _faults;

    public static async Task<Visit> StartAsync(string address, int width = 1440, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await (await Chromium.GetAsync()).NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = address,
            ViewportSize = new ViewportSize { Width = width, Height = height },
            ColorScheme = scheme,
            ReducedMotion = ReducedMotion.Reduce,
            Locale = "en-GB",
            TimezoneId = "UTC",
        });
        await context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        return new Visit(context, await context.NewPageAsync());
    }

    /// <summary>Signs in as the console does, without its form.</summary>
    public async Task SignInAsync(string key)
    {
        var response = await _context.APIRequest.PostAsync("/api/v1/session", new APIRequestContextOptions { DataObject = new { key } });
        response.Ok.ShouldBeTrue(await response.TextAsync());
    }

    /// <summary>
    /// Opens a page and waits until it is drawn. Chromium drops what it loads when the machine's network interfaces change (a container that starts
    /// beside the tests changes them); the page then says that it should be loaded anew, and so it is.
    /// </summary>
    public async Task GoAsync(string path)
    {
        await Page.GotoAsync($"/#{path}");
        await Eventually.IsTrueAsync(
            async () =>
            {
                if (_refused.Any(one => one.EndsWith("ERR_NETWORK_CHANGED", StringComparison.Ordinal)))
                {
                    _refused.Clear();
                    await Page.ReloadAsync();
                }

                return await Page.Locator(".loading").CountAsync() == 0;
            },
            $"{path} is drawn",
            Patience);
    }

    public ILocator Heading => Page.Locator("h1");

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name, Exact = true });

    public ILocator Row(string text) => Page.Locator("tbody tr", new PageLocatorOptions { HasText = text });

    public async ValueTask DisposeAsync()
    {
        // Shown when the test fails.
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"""
             At {Page.Url}: {await Page.Locator("body").InnerTextAsync()}
             Refused: {string.Join(", ", _refused)}
             Open: {string.Join(", ", _open.Values)}
             """);
        await _context.DisposeAsync();
        _faults.ShouldBeEmpty();
    }
}
