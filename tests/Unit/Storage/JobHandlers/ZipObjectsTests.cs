using System.IO.Compression;
using Modular.Jobs.Contracts;
using Modular.Storage.JobHandlers;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage.JobHandlers;

public sealed class ZipObjectsTests
{
    private readonly InMemoryJob _job = new();

    [Fact]
    public async Task Keys_are_packed_in_their_order_under_their_names()
    {
        _job.Put("b/2.txt", "two");
        _job.Put("a/é.txt", "one");

        var result = await RunAsync("{'keys':['b/2.txt','a/é.txt'],'output':'out.zip'}");

        Entries("out.zip").ShouldBe([("b/2.txt", "two"), ("a/é.txt", "one")]);
        result.ShouldBe(new ZipObjects.Result("out.zip", 2, _job.Bytes("out.zip").Length, _job.Sha256("out.zip")));
        _job.ContentType("out.zip").ShouldBe("application/zip");
    }

    [Theory]
    [InlineData("in/", "a.txt", "sub/b.txt")]
    [InlineData("in", "in/a.txt", "in/sub/b.txt")]
    [InlineData("in/s", "sub/b.txt")]
    [InlineData("", "in/a.txt", "in/sub/b.txt")]
    public async Task Entries_are_named_by_what_follows_the_last_slash_of_the_prefix(string prefix, params string[] names)
    {
        _job.Put("in/sub/b.txt", "b");
        _job.Put("in/a.txt", "a");

        await RunAsync($"{{'prefix':'{prefix}','output':'out.zip'}}");

        Entries("out.zip").Select(entry => entry.Name).ShouldBe(names);
    }

    [Fact]
    public async Task An_archive_does_not_pack_the_one_it_replaces()
    {
        _job.Put("in/a.txt", "a");
        _job.Put("in/all.zip", "the archive of yesterday");

        await RunAsync("{'prefix':'in/','output':'in/all.zip'}");

        Entries("in/all.zip").ShouldBe([("a.txt", "a")]);
    }

    [Fact]
    public async Task The_same_objects_give_the_same_bytes()
    {
        _job.Put("in/a.txt", new byte[100_000]);
        _job.Put("in/b.txt", "b");

        var first = await RunAsync("{'prefix':'in/','output':'1.zip'}");
        var second = await RunAsync("{'prefix':'in/','output':'2.zip'}");

        second.Sha256.ShouldBe(first.Sha256);
    }

    [Fact]
    public async Task Progress_grows_with_the_bytes_to_100()
    {
        _job.Put("in/a", new byte[300_000]);
        _job.Put("in/b", new byte[100_000]);

        await RunAsync("{'prefix':'in/','output':'out.zip'}");

        _job.Progress.ShouldBeInOrder();
        _job.Progress.Count.ShouldBeGreaterThan(3);
        _job.Progress[^1].ShouldBe(100);
    }

    [Fact]
    public async Task An_empty_prefix_listing_fails_instead_of_storing_an_empty_archive()
    {
        var failure = await Should.ThrowAsync<JobFailedException>(() => RunAsync("{'prefix':'none/','output':'out.zip'}"));

        failure.ErrorType.ShouldBe("NothingToArchive");
        failure.Message.ShouldContain("'none/'");
        _job.Keys.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_missing_key_fails_before_anything_is_written()
    {
        _job.Put("a", "a");

        await Should.ThrowAsync<JobFailedException>(() => RunAsync("{'keys':['a','gone'],'output':'out.zip'}"));

        _job.Published.ShouldBeEmpty();
    }

    [Fact]
    public async Task More_than_10000_objects_are_refused()
    {
        for (var i = 0; i <= 10_000; i++)
        {
            _job.Put($"in/{i}", "");
        }

        var failure = await Should.ThrowAsync<JobFailedException>(() => RunAsync("{'prefix':'in/','output':'out.zip'}"));

        failure.ErrorType.ShouldBe("ArchiveTooLarge");
    }

    [Fact]
    public async Task Objects_of_more_than_10_GiB_together_are_refused()
    {
        _job.Put("in/1", 6L << 30, () => Stream.Null);
        _job.Put("in/2", 6L << 30, () => Stream.Null);

        var failure = await Should.ThrowAsync<JobFailedException>(() => RunAsync("{'prefix':'in/','output':'out.zip'}"));

        failure.ErrorType.ShouldBe("ArchiveTooLarge");
    }

    [Fact]
    public async Task Cancelling_ends_the_packing_and_publishes_nothing()
    {
        using var cancel = new CancellationTokenSource();
        _job.Put("in/endless", 1L << 30, () => new EndlessStream());
        _job.OnProgress = cancel.Cancel;

        await Should.ThrowAsync<OperationCanceledException>(() => RunAsync("{'prefix':'in/','output':'out.zip'}", cancel.Token));

        _job.Published.ShouldBeEmpty();
    }

    private Task<ZipObjects.Result> RunAsync(string payload, CancellationToken? cancellationToken = null) =>
        _job.RunAsync(new ZipObjects.Handler(), new ZipObjects.Validator(), payload, cancellationToken);

    private List<(string Name, string Text)> Entries(string key)
    {
        using var zip = new ZipArchive(new MemoryStream(_job.Bytes(key)));
        return [.. zip.Entries.Select(entry => (entry.FullName, new StreamReader(entry.Open()).ReadToEnd()))];
    }
}
