using System.Text.Json;
using Modular.BuildingBlocks.Http;
using Modular.Storage.JobHandlers;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage.JobHandlers;

public sealed class ChecksumObjectTests
{
    private const string All = "'md5','sha1','sha256','sha512','crc32c'";

    private readonly InMemoryJob _job = new();

    [Fact]
    public async Task All_algorithms_give_the_checksums_of_their_standards()
    {
        // "123456789" is the check value of CRC catalogues; the others are what coreutils print.
        _job.Put("a", "123456789");

        var result = await RunAsync($"{{'key':'a','algorithms':[{All}]}}");

        JsonSerializer.Serialize(result, Json.Options).ShouldBe(
            """{"md5":"25f9e794323b453885f5181f1b624d0b","sha1":"f7c3bc1d808e04732adf679965ccc34ca7ae3441","sha256":"15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225","sha512":"d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274ad27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85","crc32c":"e3069283"}""");
    }

    [Fact]
    public async Task An_empty_object_has_checksums()
    {
        _job.Put("empty", "");

        var result = await RunAsync("{'key':'empty','algorithms':['md5','crc32c']}");

        result["md5"].ShouldBe("d41d8cd98f00b204e9800998ecf8427e");
        result["crc32c"].ShouldBe("00000000");
    }

    [Fact]
    public async Task The_checksum_does_not_depend_on_how_the_bytes_arrive()
    {
        // RFC 3720 B.4: 32 bytes of ones.
        _job.Put("ones", Enumerable.Repeat((byte)0xFF, 32).ToArray());
        var big = new byte[1_000_003];
        new Random(1).NextBytes(big);
        _job.Put("big", big);

        (await RunAsync("{'key':'ones','algorithms':['crc32c']}"))["crc32c"].ShouldBe("62a8ab43");
        (await RunAsync("{'key':'big','algorithms':['sha256']}"))["sha256"].ShouldBe(_job.Sha256("big"));
        _job.Progress[^1].ShouldBe(100);
    }

    [Fact]
    public async Task Cancelling_ends_the_reading()
    {
        using var cancel = new CancellationTokenSource();
        _job.Put("endless", 1L << 40, () => new EndlessStream());
        _job.OnProgress = cancel.Cancel;

        await Should.ThrowAsync<OperationCanceledException>(() => RunAsync("{'key':'endless','algorithms':['md5']}", cancel.Token));
    }

    private Task<ChecksumObject.Result> RunAsync(string payload, CancellationToken? cancellationToken = null) =>
        _job.RunAsync(new ChecksumObject.Handler(), new ChecksumObject.Validator(), payload, cancellationToken);
}
