using Microsoft.Playwright;
using Modular.IntegrationTests.Console;
using Modular.IntegrationTests.Infrastructure;

[assembly: AssemblyFixture(typeof(Chromium))]

namespace Modular.IntegrationTests.Console;

/// <summary>The browser that all tests share, started by the first one that asks: Debian's Chromium, without a window, driven by Playwright.</summary>
public sealed class Chromium : IAsyncDisposable
{
    private const string Program = "chromium";

    private static readonly Lazy<Task<(IPlaywright Driver, IBrowser Browser)>> Shared = new(StartAsync);

    public async ValueTask DisposeAsync()
    {
        if (Shared.IsValueCreated && Shared.Value.IsCompletedSuccessfully)
        {
            var (driver, browser) = await Shared.Value;
            await browser.DisposeAsync();
            driver.Dispose();
        }
    }

    internal static async Task<IBrowser> GetAsync() => (await Shared.Value).Browser;

    private static async Task<(IPlaywright Driver, IBrowser Browser)> StartAsync()
    {
        if (Command.Find(Program) is null && DebianPackages.CanInstall)
            await DebianPackages.InstallAsync(Program);
        var path = Command.Find(Program) ?? throw new InvalidOperationException("The tests of the console need Chromium: apt-get install chromium.");
        Assertions.SetDefaultExpectTimeout((float)Visit.Patience.TotalMilliseconds);
        var driver = await Playwright.CreateAsync();
        var browser = await driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = path,
            // Its sandbox does not work for root.
            Args = Environment.IsPrivilegedProcess ? ["--no-sandbox", "--disable-dev-shm-usage"] : ["--disable-dev-shm-usage"],
        });
        return (driver, browser);
    }
}
