using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Storage;

/// <summary>Large objects through a Host in a process of its own, so that its memory is nobody else's: 64 MB, or 1 GB with MODULAR_TEST_FULL=1.</summary>
public sealed class StreamingTests
{
    private const long Mebibyte = 1024 * 1024;

    private static readonly long Size = (Environment.GetEnvironmentVariable("MODULAR_TEST_FULL") == "1" ? 1024 : 64) * Mebibyte;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_large_object_goes_in_and_out_of_the_filesystem_with_flat_memory() => StreamAsync(StoreKind.FileSystem);

    [Fact]
    public Task A_large_object_goes_in_and_out_of_S3_with_flat_memory() => StreamAsync(StoreKind.S3);

    private static async Task StreamAsync(StoreKind store)
    {
        await using var deployment = await Deployment.CreateAsync(store: store);
        await using var host = await HostProcess.StartAsync(deployment, new Dictionary<string, string> { ["MAX_REQUEST_SIZE_MB"] = "2048" });
        // Once through everything first: what code and pools take is not what the bytes take.
        await host.PutObjectAsync("warm", new byte[20 * Mebibyte]);
        await host.GetObjectAsync("warm");
        var before = PeakBytes(host.Pid);

        // As a body of known length, as one of unknown length, and by a signed URL.
        var sha256 = await Sha256Async(new Pattern(Size));
        using var known = await host.Client.PutAsync("objects/known", new StreamContent(new Pattern(Size)) { Headers = { ContentLength = Size } }, CancellationToken);
        await ShouldBeAsync(known, sha256);
        using var chunked = new HttpRequestMessage(HttpMethod.Put, "objects/chunked") { Content = new StreamContent(new Unseekable(new Pattern(Size))) };
        chunked.Headers.TransferEncodingChunked = true;
        using var unknown = await host.Client.SendAsync(chunked, CancellationToken);
        await ShouldBeAsync(unknown, sha256);
        using var begun = await host.Client.PostAsJsonAsync("objects/uploads", new { key = "signed", size = Size, sha256 }, CancellationToken);
        var upload = await begun.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
        using var sent = await host.Client.PutAsync(
            upload.GetProperty("url").GetString(), new StreamContent(new Pattern(Size)) { Headers = { ContentLength = Size } }, CancellationToken);
        sent.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        using var completed = await host.Client.PostAsync($"objects/uploads/{upload.GetProperty("id").GetString()}/complete", null, CancellationToken);
        await ShouldBeAsync(completed, sha256);

        using var get = await host.Client.GetAsync("objects/chunked", HttpCompletionOption.ResponseHeadersRead, CancellationToken);
        await using var stream = await get.Content.ReadAsStreamAsync(CancellationToken);
        (await Sha256Async(stream)).ShouldBe(sha256);

        // Less than one object, although three went in and one out; and the service's promise for any size.
        var (grown, peak) = (PeakBytes(host.Pid) - before, PeakBytes(host.Pid));
        grown.ShouldBeLessThan(Math.Max(Size / 8, 56 * Mebibyte), $"{grown / Mebibyte} MiB more than before, {peak / Mebibyte} MiB in all");
        peak.ShouldBeLessThan(300 * Mebibyte);
    }

    private static async Task ShouldBeAsync(HttpResponseMessage response, string sha256)
    {
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync(CancellationToken));
        var stored = await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
        stored.GetProperty("size").GetInt64().ShouldBe(Size);
        stored.GetProperty("sha256").GetString().ShouldBe(sha256);
    }

    private static async Task<string> Sha256Async(Stream stream) => Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, CancellationToken));

    private static long PeakBytes(int pid) => 1024 * long.Parse(
        File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    private sealed class Unseekable(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }

    /// <summary>Bytes that differ from place to place and cost nothing to make.</summary>
    private sealed class Pattern(long length) : Stream
    {
        private static readonly byte[] Block = RandomNumberGenerator.GetBytes(1 << 20);

        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => length;

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var at = (int)(_position % Block.Length);
            var read = (int)Math.Min(Math.Min(count, Block.Length - at), length - _position);
            Block.AsSpan(at, read).CopyTo(buffer.AsSpan(offset));
            _position += read;
            return read;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
