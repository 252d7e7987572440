using static Microsoft.Playwright.Assertions;

namespace Modular.IntegrationTests.Console;

/// <summary>The server goes away under an open page.</summary>
public sealed class RestartTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    [Fact]
    public async Task An_open_page_goes_on_by_itself_when_the_server_is_back()
    {
        var tag = ConsoleHost.NewName();
        await using var list = await host.VisitAsync($"/jobs?tag={tag}");
        await Expect(list.Page.Locator(".live")).ToHaveTextAsync("Live");
        await host.App.StopAsync();
        await Expect(list.Page.Locator(".live")).ToHaveTextAsync("Reconnecting");

        await host.App.StartAsync();
        await Expect(list.Page.Locator(".live")).ToHaveTextAsync("Live");
        var job = await host.ActAsync(tag, 1);
        await Expect(list.Row("succeeded")).ToHaveCountAsync(1);

        // A page that is opened while nobody answers shows its content as soon as somebody does.
        await host.App.StopAsync();
        await list.GoAsync($"/jobs/{job.Id}");
        await Expect(list.Page.GetByRole(Microsoft.Playwright.AriaRole.Alert)).ToContainTextAsync("does not answer");
        await host.App.StartAsync();
        await Expect(list.Heading).ToContainTextAsync("succeeded");
    }
}
