using System.Net;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Storage.StorageFixture;

namespace Modular.IntegrationTests.Storage;

public sealed class JobArtifactTests(FileSystemStorage storage) : IClassFixture<FileSystemStorage>
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_job_produced_is_served_as_objects_are()
    {
        var prefix = NewPrefix();
        (await storage.PutAsync(prefix + "in/a.txt", "hello")).Dispose();
        var output = prefix + "out/all files.zip";
        var job = await storage.App.SubmitAsync("archive.zip", new { prefix = prefix + "in/", output });
        await storage.App.WaitForJobAsync(job.Id, "succeeded");
        var path = $"jobs/{job.Id}/artifacts/{RunningModular.ObjectPath(output)["objects/".Length..]}";

        using var whole = await storage.Client.GetAsync(path, CancellationToken);
        whole.StatusCode.ShouldBe(HttpStatusCode.OK);
        var bytes = await whole.Content.ReadAsByteArrayAsync(CancellationToken);
        bytes.ShouldBe(await storage.App.GetObjectAsync(output));
        whole.Content.Headers.GetValues("Content-Disposition").Single().ShouldBe("attachment; filename=\"all files.zip\"; filename*=UTF-8''all%20files.zip");
        using var part = await storage.SendAsync(HttpMethod.Get, path, null, ("Range", "bytes=0-1"));
        part.StatusCode.ShouldBe(HttpStatusCode.PartialContent);
        (await part.Content.ReadAsStringAsync(CancellationToken)).ShouldBe("PK");
        using var same = await storage.SendAsync(HttpMethod.Get, path, null, ("If-None-Match", whole.Headers.ETag!.Tag));
        same.StatusCode.ShouldBe(HttpStatusCode.NotModified);
        using var head = await storage.SendAsync(HttpMethod.Head, path);
        head.Content.Headers.ContentLength.ShouldBe(bytes.Length);
    }

    [Fact]
    public async Task An_unknown_job_or_artifact_is_404_and_a_hostile_name_400()
    {
        using var unknown = await storage.Client.GetAsync($"jobs/{Guid.CreateVersion7()}/artifacts/a", CancellationToken);
        await JsonAsync(unknown, HttpStatusCode.NotFound);
        using var hostile = await storage.Client.GetAsync($"jobs/{Guid.CreateVersion7()}/artifacts/a%2Fb", CancellationToken);
        await InvalidAsync(hostile, "name");
        using var malformed = await storage.Client.GetAsync("jobs/nonsense/artifacts/a", CancellationToken);
        await InvalidAsync(malformed, "id");
    }
}
