using System.IO.Compression;
using System.Text.Json;

namespace Modular.IntegrationTests.Jobs;

/// <summary>A job lists at most 100 artifacts, however many objects it writes.</summary>
public sealed class ArtifactLimitTests(JobsHost host) : IClassFixture<JobsHost>
{
    [Fact]
    public async Task Objects_beyond_it_are_written_and_not_listed()
    {
        var prefix = JobsFixture.NewName();
        await host.App.PutObjectAsync($"{prefix}.zip", Zip(entries: 120));

        var submitted = await host.App.SubmitAsync("archive.unzip", new { key = $"{prefix}.zip", outputPrefix = $"{prefix}/" });
        var job = await host.App.WaitForJobAsync(submitted.Id, "succeeded");

        job.Artifacts.Count.ShouldBe(100);
        job.Artifacts.ShouldAllBe(artifact => artifact.Key.StartsWith(prefix));
        (await host.App.GetAsync<JsonElement>($"objects?prefix={prefix}/&limit=1000")).GetProperty("items").GetArrayLength().ShouldBe(120);
    }

    [Fact]
    public async Task An_own_artifact_beyond_it_fails_the_job_and_one_that_is_replaced_is_none_beyond()
    {
        object[] steps = [.. Enumerable.Range(1, 100).Select(number => new { artifact = $"part-{number}", message = "one" })];

        var full = await host.App.WaitForJobAsync((await host.ActAsync([.. steps, new { artifact = "part-1", message = "again" }])).Id, "succeeded");
        var over = await host.App.WaitForJobAsync((await host.ActAsync([.. steps, new { artifact = "part-101", message = "too many" }])).Id, "failed");

        full.Artifacts.Count.ShouldBe(100);
        over.Error!.Type.ShouldBe("TooManyArtifacts");
        over.Attempt.ShouldBe(1);
        over.Artifacts.Count.ShouldBe(100);
    }

    private static byte[] Zip(int entries)
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (var number = 0; number < entries; number++)
            {
                using var entry = zip.CreateEntry($"{number:000}.txt").Open();
                entry.Write("text"u8);
            }
        }

        return bytes.ToArray();
    }
}
