using Microsoft.Playwright;
using Modular.Fixtures;
using static Microsoft.Playwright.Assertions;

namespace Modular.IntegrationTests.Console;

/// <summary>What an operator does with jobs, in a real browser.</summary>
public sealed class JobTests(ConsoleHost host) : IClassFixture<ConsoleHost>
{
    [Fact]
    public async Task The_main_job_is_done_with_the_mouse_alone()
    {
        await using var visit = await host.VisitAsync("/");
        var (name, page) = (ConsoleHost.NewName(), visit.Page);

        await visit.Link("New job").ClickAsync();
        await page.GetByLabel("Type", new PageGetByLabelOptions { Exact = true }).SelectOptionAsync("archive.zip");
        await page.Locator("input[type=file]").SetInputFilesAsync(
        [
            new FilePayload { Name = $"{name}.txt", MimeType = "text/plain", Buffer = "one"u8.ToArray() },
            new FilePayload { Name = $"{name}.csv", MimeType = "text/csv", Buffer = "a,b"u8.ToArray() },
        ]);
        await Expect(page.GetByText("stored", new PageGetByTextOptions { Exact = true })).ToHaveCountAsync(2);
        await Expect(page.GetByLabel("keys")).ToHaveValueAsync($"uploads/{name}.txt\nuploads/{name}.csv");
        await page.GetByLabel("output").FillAsync($"{name}.zip");
        await visit.Button("Submit the job").ClickAsync();

        await Expect(visit.Heading).ToContainTextAsync("succeeded");
        await Expect(page.GetByText("It succeeded")).ToContainTextAsync("on attempt 1");
        var download = await page.RunAndWaitForDownloadAsync(() => visit.Link($"{name}.zip").ClickAsync());
        await using var archive = await System.IO.Compression.ZipFile.OpenReadAsync(await download.PathAsync(), TestContext.Current.CancellationToken);
        archive.Entries.Count.ShouldBe(2);
    }

    [Fact]
    public async Task The_main_job_is_done_with_the_keyboard_alone()
    {
        var name = ConsoleHost.NewName();
        await host.App.PutObjectAsync($"{name}/a.txt", "one"u8.ToArray());
        await using var visit = await host.VisitAsync("/");
        var (page, keyboard) = (visit.Page, visit.Page.Keyboard);
        await Expect(visit.Heading).ToHaveTextAsync("Overview");

        await keyboard.PressAsync("n");
        await Expect(page.GetByLabel("output")).ToBeVisibleAsync();
        await keyboard.PressAsync("/");
        await Expect(page.GetByLabel("Type", new PageGetByLabelOptions { Exact = true })).ToBeFocusedAsync();
        await keyboard.TypeAsync("archive.zip");
        await Expect(page.GetByLabel("output")).ToBeVisibleAsync();
        await keyboard.PressAsync("Tab");
        await keyboard.TypeAsync($"{name}.zip");
        await keyboard.PressAsync("Tab");
        await keyboard.PressAsync("Tab");
        await keyboard.TypeAsync($"{name}/");
        await keyboard.PressAsync("Enter");
        await Expect(visit.Heading).ToContainTextAsync("succeeded");

        // Back to the list, and to the job again by its row.
        await keyboard.PressAsync("g");
        await keyboard.PressAsync("j");
        await Expect(visit.Row("archive.zip").First).ToBeVisibleAsync();
        await keyboard.PressAsync("j");
        await Expect(page.Locator("[data-row]").First).ToBeFocusedAsync();
        await keyboard.PressAsync("Enter");
        await Expect(page.Locator(".job-id")).ToBeVisibleAsync();
        await keyboard.PressAsync("?");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("Next row");
        await keyboard.PressAsync("Escape");
        await Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Progress_and_log_come_as_they_happen()
    {
        var gate = ConsoleHost.NewName();
        var job = await host.ActAsync(gate, 1, new { progress = 30, message = "a third" }, new { log = "the first line" }, new { gate }, new { log = "the last line" });
        await using var visit = await host.VisitAsync($"/jobs/{job.Id}");

        await Expect(visit.Heading).ToContainTextAsync("running");
        await Expect(visit.Page.GetByRole(AriaRole.Progressbar)).ToHaveAttributeAsync("aria-valuenow", "30");
        await Expect(visit.Page.GetByText("a third", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync();
        await Expect(visit.Page.GetByRole(AriaRole.Log)).ToContainTextAsync("the first line");
        await Expect(visit.Page.GetByText("has been running on")).ToBeVisibleAsync();
        Gates.Open(gate);

        await Expect(visit.Heading).ToContainTextAsync("succeeded");
        await Expect(visit.Page.GetByRole(AriaRole.Log)).ToContainTextAsync("the last line");
        await Expect(visit.Page.Locator(".timeline strong")).ToHaveTextAsync(["queued", "running", "succeeded"]);
    }

    [Fact]
    public async Task A_list_shows_what_happens_to_its_jobs_without_a_reload()
    {
        var gate = ConsoleHost.NewName();
        await using var visit = await host.VisitAsync($"/jobs?tag={gate}");
        await Expect(visit.Page.GetByText("No job matches")).ToBeVisibleAsync();

        await host.ActAsync(gate, 1, new { gate });
        await Expect(visit.Row("fixtures.act")).ToContainTextAsync("running");
        Gates.Open(gate);

        await Expect(visit.Row("fixtures.act")).ToContainTextAsync("succeeded");
    }

    [Fact]
    public async Task A_running_job_is_cancelled()
    {
        var gate = ConsoleHost.NewName();
        var job = await host.ActAsync(gate, 1, new { gate });
        await using var visit = await host.VisitAsync($"/jobs/{job.Id}");
        await Expect(visit.Heading).ToContainTextAsync("running");

        await visit.Button("Cancel").ClickAsync();

        await Expect(visit.Heading).ToContainTextAsync("cancelled");
        await Expect(visit.Page.GetByText("It was cancelled")).ToBeVisibleAsync();
        (await host.App.GetJobAsync(job.Id)).State.ShouldBe("cancelled");
    }

    [Fact]
    public async Task A_failed_job_is_retried()
    {
        var job = await host.ActAsync(ConsoleHost.NewName(), 1, new { onAttempt = 1, fail = true, message = "the disk is on fire" });
        await host.App.WaitForJobAsync(job.Id, "failed");
        await using var visit = await host.VisitAsync($"/jobs/{job.Id}");
        await Expect(visit.Heading).ToContainTextAsync("failed");
        await Expect(visit.Page.Locator(".error-card")).ToContainTextAsync("the disk is on fire");

        await visit.Button("Retry").ClickAsync();

        await Expect(visit.Heading).ToContainTextAsync("succeeded");
        await Expect(visit.Page.Locator(".timeline strong")).ToHaveTextAsync(["queued", "running", "failed", "queued", "running", "succeeded"]);
    }

    [Fact]
    public async Task Many_are_retried_after_a_look_at_their_number()
    {
        var tag = ConsoleHost.NewName();
        var jobs = await Task.WhenAll(Enumerable.Range(0, 7).Select(_ => host.ActAsync(tag, 1, new { onAttempt = 1, fail = true, message = "not yet" })));
        foreach (var job in jobs)
            await host.App.WaitForJobAsync(job.Id, "failed");
        await using var visit = await host.VisitAsync($"/jobs?tag={tag}");
        await Expect(visit.Row("failed")).ToHaveCountAsync(7);

        await visit.Button("Retry all…").ClickAsync();
        var sheet = visit.Page.GetByRole(AriaRole.Dialog);
        await Expect(sheet).ToContainTextAsync("7 jobs match");
        await Expect(sheet).ToContainTextAsync(tag);
        await visit.Button("Retry 7 jobs").ClickAsync();

        await Expect(visit.Page.GetByText("7 jobs go again.")).ToBeVisibleAsync();
        await Expect(visit.Row("succeeded")).ToHaveCountAsync(7);
    }

    [Fact]
    public async Task A_waiting_job_says_why()
    {
        var queue = ConsoleHost.NewName();
        using (await host.App.Client.PostAsync($"queues/{queue}/pause", content: null, TestContext.Current.CancellationToken))
        {
        }

        var job = await host.App.SubmitAsync("debug.noop", new { }, one => one["queue"] = queue);
        await using var visit = await host.VisitAsync($"/jobs/{job.Id}");
        await Expect(visit.Page.GetByText($"It waits: queue '{queue}' is paused.")).ToBeVisibleAsync();

        await visit.GoAsync("/queues");
        await visit.Button($"Resume {queue}").ClickAsync();

        await Expect(visit.Row(queue)).Not.ToContainTextAsync("paused");
        await host.App.WaitForJobAsync(job.Id, "succeeded");
    }

    [Fact]
    public async Task A_refused_payload_is_told_beside_its_field()
    {
        await using var visit = await host.VisitAsync("/new?type=object.checksum");
        await visit.Page.GetByLabel("key", new PageGetByLabelOptions { Exact = false }).First.FillAsync("../up");
        await visit.Page.GetByLabel("algorithms").FillAsync("md6");

        await visit.Button("Submit the job").ClickAsync();

        await Expect(visit.Page.GetByLabel("algorithms")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(visit.Page.Locator(".field-error").First).ToBeVisibleAsync();
        await visit.Button("Copy as curl").ClickAsync();
        await Expect(visit.Page.GetByText("Copied.")).ToBeVisibleAsync();
        (await visit.Page.EvaluateAsync<string>("() => navigator.clipboard.readText()")).ShouldContain("\"algorithms\":[\"md6\"]");
    }
}
