using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Modular.Jobs.Contracts;
using Modular.Storage.JobHandlers;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage.JobHandlers;

public sealed class UnzipObjectTests
{
    private readonly InMemoryJob _job = new();

    [Fact]
    public async Task Entries_become_objects_under_the_prefix()
    {
        PutZip(("a.txt", "one"), ("sub/", ""), ("sub/é.json", "{}"), ("empty", ""));

        var result = await RunAsync();

        result.ShouldBe(new UnzipObject.Result(3, 5));
        _job.Text("out/a.txt").ShouldBe("one");
        _job.Text("out/sub/é.json").ShouldBe("{}");
        _job.ContentType("out/a.txt").ShouldBe("text/plain");
        _job.ContentType("out/sub/é.json").ShouldBe("application/json");
        _job.ContentType("out/empty").ShouldBe("application/octet-stream");
        _job.Keys.ShouldBe(["in.zip", "out/a.txt", "out/empty", "out/sub/é.json"]);
        _job.Progress.ShouldBeInOrder();
        _job.Progress[^1].ShouldBe(100);
    }

    [Fact]
    public async Task What_was_zipped_comes_back_byte_for_byte()
    {
        var random = new byte[3_000_000];
        new Random(1).NextBytes(random);
        _job.Put("data/random.bin", random);
        _job.Put("data/text.txt", string.Concat(Enumerable.Range(0, 10_000)));
        await _job.RunAsync(new ZipObjects.Handler(), new ZipObjects.Validator(), "{'prefix':'data/','output':'in.zip'}");

        await RunAsync();

        _job.Bytes("out/random.bin").ShouldBe(random);
        _job.Text("out/text.txt").ShouldBe(_job.Text("data/text.txt"));
    }

    [Fact]
    public async Task A_prefix_without_its_slash_gets_one()
    {
        PutZip(("a.txt", "one"));

        await _job.RunAsync(new UnzipObject.Handler(), new UnzipObject.Validator(), "{'key':'in.zip','outputPrefix':'here'}");

        _job.Published.ShouldBe(["here/a.txt"]);
    }

    [Fact]
    public async Task Decomposed_names_as_macOS_writes_them_are_composed()
    {
        PutZip(("e\u0301.txt", "one"));

        await RunAsync();

        _job.Published.ShouldBe(["out/\u00e9.txt"]);
    }

    [Theory]
    [InlineData("../evil.txt")]
    [InlineData("a/../../evil.txt")]
    [InlineData("..")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("./a")]
    [InlineData("..\\evil.txt")]
    [InlineData("C:/windows/evil.txt")]
    [InlineData("C:evil.txt")]
    [InlineData("a\u0000b")]
    [InlineData("line\nbreak")]
    [InlineData("\u0085next")]
    public async Task A_name_that_is_no_valid_key_leaves_nothing_written(string name)
    {
        PutZip(("first.txt", "fine"), (name, "evil"));

        await RefusedAsync("InvalidArchive", name);
    }

    [Fact]
    public async Task A_key_that_would_be_too_long_is_refused()
    {
        PutZip((new string('a', 1022), "fine alone, too long behind the prefix"));

        await RefusedAsync("InvalidArchive", "1024");
    }

    [Theory]
    [InlineData("a.txt", "a.txt")]
    [InlineData("e\u0301.txt", "\u00e9.txt")]
    public async Task Two_entries_of_one_name_are_refused(string first, string second)
    {
        PutZip((first, "1"), (second, "2"));

        await RefusedAsync("InvalidArchive", "more than one entry");
    }

    [Theory]
    [InlineData(0xA1FF)]
    [InlineData(0x2180)]
    [InlineData(0x1180)]
    public async Task Links_and_devices_are_refused(int mode)
    {
        PutZip(zip =>
        {
            Add(zip, "first.txt", "fine");
            Add(zip, "link", "/etc/passwd").ExternalAttributes = mode << 16;
        });

        await RefusedAsync("InvalidArchive", "link or a device");
    }

    [Fact]
    public async Task Encrypted_entries_are_refused()
    {
        PutZip(("secret.txt", "text"));
        Patch(bytes =>
        {
            bytes[6] |= 1;
            bytes[Directory(bytes) + 8] |= 1;
        });

        await RefusedAsync("InvalidArchive", "encrypted");
    }

    [Fact]
    public async Task Text_that_is_no_archive_is_refused()
    {
        _job.Put("in.zip", "this is not a zip archive");

        await RefusedAsync("InvalidArchive", "'in.zip' is not a readable zip archive");
    }

    [Fact]
    public async Task An_empty_object_is_refused()
    {
        _job.Put("in.zip", "");

        await RefusedAsync("InvalidArchive", "not a readable zip archive");
    }

    [Fact]
    public async Task An_archive_that_is_cut_off_is_refused()
    {
        PutZip(("a.txt", new string('x', 10_000)), ("b.txt", "b"));
        _job.Put("in.zip", _job.Bytes("in.zip")[..^30]);

        await RefusedAsync("InvalidArchive", "not a readable zip archive");
    }

    [Fact]
    public async Task A_flipped_bit_in_the_last_entry_leaves_nothing_written()
    {
        PutZip(("a.txt", "fine"), ("z.txt", new string('x', 1_000) + Guid.NewGuid()));
        Patch(bytes => bytes[Directory(bytes) - 12] ^= 0x10);

        await RefusedAsync("InvalidArchive", "");
    }

    [Fact]
    public async Task An_entry_whose_checksum_lies_is_refused()
    {
        PutZip(("a.txt", "text"));
        Patch(bytes => bytes[Directory(bytes) + 16] ^= 1);

        await RefusedAsync("InvalidArchive", "'a.txt' is corrupt");
    }

    [Fact]
    public async Task A_bomb_is_refused_by_the_sizes_it_declares()
    {
        PutZip(("first.txt", "fine"), ("bomb", new string('0', 5_000_000)));

        await RefusedAsync("ArchiveTooLarge", "200 times");
    }

    [Theory]
    [InlineData(10)]
    [InlineData(0)]
    public async Task A_bomb_that_declares_a_small_size_leaves_nothing_written(uint declared)
    {
        PutZip(("bomb", new string('0', 5_000_000)));
        Patch(bytes => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Directory(bytes) + 24), declared));

        var failure = await Should.ThrowAsync<JobFailedException>(RunAsync);

        failure.ErrorType.ShouldBeOneOf("InvalidArchive", "ArchiveTooLarge");
        _job.Published.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_entry_that_declares_more_than_it_has_is_refused()
    {
        PutZip(("a.txt", "text"));
        Patch(bytes => BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Directory(bytes) + 24), 40));

        await RefusedAsync("InvalidArchive", "'a.txt'");
    }

    [Fact]
    public async Task More_than_10000_entries_are_refused()
    {
        PutZip(zip =>
        {
            for (var i = 0; i <= 10_000; i++)
            {
                zip.CreateEntry($"{i}");
            }
        });

        await RefusedAsync("ArchiveTooLarge", "10,001 entries");
    }

    [Fact]
    public async Task A_directory_that_would_fill_the_memory_is_refused_while_it_is_read()
    {
        PutZip(zip =>
        {
            for (var i = 0; i < 300_000; i++)
            {
                zip.CreateEntry($"some/long/folder/{i:D20}");
            }
        });

        await RefusedAsync("ArchiveTooLarge", "directory");
    }

    [Fact]
    public async Task A_retry_goes_on_after_the_entries_that_were_published()
    {
        PutZip([.. Enumerable.Range(0, 250).Select(i => ($"{i:D3}", $"entry {i}"))]);
        _job.BeforeWrite = key => _ = key == "out/220" ? throw new IOException("the disk is full") : 0;
        await Should.ThrowAsync<IOException>(RunAsync);
        _job.Published.Clear();
        _job.BeforeWrite = _ => { };

        var result = await RunAsync();

        result.Entries.ShouldBe(250);
        _job.Published.Count.ShouldBe(50);
        _job.Text("out/000").ShouldBe("entry 0");
        _job.Text("out/249").ShouldBe("entry 249");
    }

    [Fact]
    public async Task A_retry_on_another_archive_starts_from_its_first_entry()
    {
        PutZip([.. Enumerable.Range(0, 150).Select(i => ($"{i:D3}", "old"))]);
        await RunAsync();
        _job.Published.Clear();
        PutZip([.. Enumerable.Range(0, 150).Select(i => ($"{i:D3}", "new"))]);

        await RunAsync();

        _job.Published.Count.ShouldBe(150);
        _job.Text("out/000").ShouldBe("new");
    }

    [Fact]
    public async Task Cancelling_ends_the_unpacking()
    {
        using var cancel = new CancellationTokenSource();
        PutZip(("a", "a"), ("b", "b"), ("c", "c"));
        _job.BeforeWrite = key =>
        {
            if (key == "out/b")
            {
                cancel.Cancel();
            }
        };

        await Should.ThrowAsync<OperationCanceledException>(
            () => _job.RunAsync(new UnzipObject.Handler(), new UnzipObject.Validator(), "{'key':'in.zip','outputPrefix':'out/'}", cancel.Token));

        _job.Published.ShouldBe(["out/a"]);
    }

    private static ZipArchiveEntry Add(ZipArchive zip, string name, string text)
    {
        var entry = zip.CreateEntry(name);
        using var stream = entry.Open();
        stream.Write(Encoding.UTF8.GetBytes(text));
        return entry;
    }

    // Offset of the first header of the central directory.
    private static int Directory(byte[] bytes) => bytes.AsSpan().IndexOf("PK\u0001\u0002"u8);

    private Task<UnzipObject.Result> RunAsync() =>
        _job.RunAsync(new UnzipObject.Handler(), new UnzipObject.Validator(), "{'key':'in.zip','outputPrefix':'out/'}");

    private async Task RefusedAsync(string errorType, string message)
    {
        var failure = await Should.ThrowAsync<JobFailedException>(RunAsync);

        failure.ErrorType.ShouldBe(errorType);
        failure.Message.ShouldContain(message);
        _job.Published.ShouldBeEmpty();
    }

    private void PutZip(params (string Name, string Text)[] entries) =>
        PutZip(zip =>
        {
            foreach (var (name, text) in entries)
            {
                Add(zip, name, text);
            }
        });

    private void PutZip(Action<ZipArchive> fill)
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            fill(zip);
        }

        _job.Put("in.zip", bytes.ToArray());
    }

    private void Patch(Action<byte[]> patch)
    {
        var bytes = _job.Bytes("in.zip").ToArray();
        patch(bytes);
        _job.Put("in.zip", bytes);
    }
}
