using System.Security.Cryptography;

namespace Modular.Storage.Blobs;

/// <summary>The forward-only stream that a blob is written through: counts, hashes and limits the bytes before they reach the store.</summary>
internal sealed class BlobStream(long maxBytes, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _size;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _size;
        set => throw new NotSupportedException();
    }

    public BlobContent ToContent() => new(_size, Convert.ToHexStringLower(_hash.GetHashAndReset()));

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length > maxBytes - _size)
        {
            throw new BlobTooLargeException(maxBytes);
        }

        _hash.AppendData(buffer.Span);
        _size += buffer.Length;
        await write(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // Some libraries (zip and Parquet writers among them) write small pieces synchronously; the caller's thread is then a job's own, not the server's.
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(ReadOnlySpan<byte> buffer) => WriteAsync(buffer.ToArray()).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
        // Bytes are safe when the blob is complete; there is no half-way durability to ask for.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        // A writer that disposes its output (StreamWriter, ZipArchive) must not end the blob: the hash is still asked for.
        base.Dispose(disposing);
    }
}
