using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Modular.IntegrationTests.Infrastructure;
using Modular.IntegrationTests.Ops;
using static Microsoft.Playwright.Assertions;

namespace Modular.IntegrationTests.Console;

/// <summary>Who gets in, who sees what, and what it costs.</summary>
public sealed class AccessTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    private const int FirstLoadBytes = 100_000;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_opens_what_its_scopes_allow_and_stays_out_of_reach_for_scripts()
    {
        var key = await CreateKeyAsync("jobs:read");
        await using var visit = await Visit.StartAsync(host.Address);
        await visit.GoAsync("/");
        var field = visit.Page.GetByLabel("API key");
        await Expect(field).ToBeFocusedAsync();

        await field.FillAsync("mk_wrong");
        await visit.Button("Sign in").ClickAsync();
        await Expect(visit.Page.GetByText("This API key is not known here")).ToBeVisibleAsync();
        await field.FillAsync(key);
        await visit.Button("Sign in").ClickAsync();

        await Expect(visit.Heading).ToHaveTextAsync("Overview");
        await Expect(visit.Page.GetByRole(AriaRole.Navigation, new PageGetByRoleOptions { Name = "Main" }).GetByRole(AriaRole.Link)).ToHaveTextAsync(["Overview", "Jobs", "Queues"]);
        await Expect(visit.Link("New job")).ToHaveCountAsync(0);
        await visit.GoAsync("/keys");
        await Expect(visit.Page.GetByText("This page needs the scope ops")).ToBeVisibleAsync();
        await visit.GoAsync("/jobs");
        await Expect(visit.Heading).ToHaveTextAsync("Jobs");
        await Expect(visit.Button("Retry all…")).ToHaveCountAsync(0);

        var kept = await visit.Page.EvaluateAsync<string>("() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])");
        kept.ShouldBe("[{},{},\"\"]");
        await visit.Button("Sign out").ClickAsync();
        await Expect(field).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_key_is_made_shown_once_and_revoked()
    {
        var name = ConsoleHost.NewName();
        await using var visit = await host.VisitAsync("/keys");

        await visit.Button("Make a key").ClickAsync();
        await visit.Page.GetByLabel("Name").FillAsync(name);
        await visit.Page.GetByLabel("metrics").CheckAsync();
        await visit.Button("Make the key").ClickAsync();
        await Expect(visit.Page.Locator(".secret code")).ToContainTextAsync("mk_");
        await visit.Button("I have it").ClickAsync();
        await visit.Button($"Revoke {name}").ClickAsync();
        await visit.Button("Revoke it").ClickAsync();

        await Expect(visit.Row(name)).ToHaveCountAsync(0);
        await visit.GoAsync("/audit");
        await Expect(visit.Row(name)).ToHaveCountAsync(2);
    }

    [Fact]
    public async Task The_first_load_is_small_and_kept_for_ever()
    {
        await using var visit = await Visit.StartAsync(host.Address);
        await visit.SignInAsync(GuardedHost.AdminKey);
        var loaded = new List<IResponse>();
        visit.Page.Response += (_, response) =>
        {
            if (!response.Url.Contains("/api/", StringComparison.Ordinal))
                loaded.Add(response);
        };

        await visit.GoAsync("/");
        await Expect(visit.Heading).ToHaveTextAsync("Overview");
        await Expect(visit.Page.Locator(".loading")).ToHaveCountAsync(0);

        var sizes = await Task.WhenAll(loaded.Select(response => response.Request.SizesAsync()));
        var total = sizes.Sum(size => size.ResponseBodySize);
        TestContext.Current.TestOutputHelper?.WriteLine($"First load: {loaded.Count} files, {total} bytes compressed.");
        total.ShouldBeInRange(10_000, FirstLoadBytes);
        var headers = await Task.WhenAll(loaded.Where(response => response.Url.Contains("/assets/", StringComparison.Ordinal)).Select(response => response.HeaderValueAsync("Cache-Control")));
        headers.ShouldAllBe(header => header == "public, max-age=31536000, immutable");
    }

    [Fact]
    public async Task A_tab_in_the_background_costs_nothing()
    {
        await using var visit = await host.VisitAsync("/jobs");
        await Expect(visit.Page.Locator(".live")).ToHaveTextAsync("Live");

        await SeeAsync("hidden");
        await Expect(visit.Page.Locator(".live")).ToHaveAttributeAsync("data-live", "paused");
        var requests = 0;
        visit.Page.Request += (_, _) => Interlocked.Increment(ref requests);
        var job = await host.ActAsync(ConsoleHost.NewName(), 1);
        await host.App.WaitForJobAsync(job.Id, "succeeded");
        requests.ShouldBe(0);

        await SeeAsync("visible");
        await Expect(visit.Page.Locator($"a[href='#/jobs/{job.Id}']")).ToBeVisibleAsync();

        Task SeeAsync(string state) => visit.Page.EvaluateAsync(
            "(state) => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }", state);
    }

    [Fact]
    public async Task Files_are_dropped_linked_and_deleted()
    {
        var folder = ConsoleHost.NewName();
        await using var visit = await host.VisitAsync($"/objects?prefix={folder}/");
        var file = Path.Combine(await Scratch.CreateFolderAsync("upload"), "größe #1.bin");
        var large = new byte[9 * 1024 * 1024];
        await File.WriteAllBytesAsync(file, large, CancellationToken);

        await visit.Page.Locator("input[type=file]").SetInputFilesAsync(file);
        await Expect(visit.Row("größe #1.bin")).ToContainTextAsync("9 MiB");
        (await host.App.GetObjectAsync($"{folder}/größe #1.bin")).Length.ShouldBe(large.Length);
        await visit.Button($"Link to {folder}/größe #1.bin").ClickAsync();
        var link = await visit.Page.Locator(".secret code").TextContentAsync();
        using (var anybody = new HttpClient())
            (await anybody.GetByteArrayAsync(link, CancellationToken)).Length.ShouldBe(large.Length);
        await visit.Button("Close").ClickAsync();
        await visit.Button($"Delete {folder}/größe #1.bin").ClickAsync();
        await visit.Button("Delete it").ClickAsync();

        await Expect(visit.Page.GetByText("No key starts like this")).ToBeVisibleAsync();
    }

    private async Task<string> CreateKeyAsync(params string[] scopes)
    {
        using var response = await host.App.Client.PostAsJsonAsync("api-keys", new { name = ConsoleHost.NewName(), scopes }, CancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken)).GetProperty("key").GetString()!;
    }
}
