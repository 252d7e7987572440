namespace Modular.Storage.JobHandlers;

/// <summary>
/// Passes bytes through and tells how many have passed: progress, and caps that count what really flows instead of what a header claims.
/// It also brings the attempt's cancellation into libraries that take no token. It does not own <paramref name="inner"/>.
/// </summary>
/// <param name="inner">Where the bytes come from or go to.</param>
/// <param name="passed">Gets the bytes read so far, or the bytes written when the coming write is done; throwing stops the flow there.</param>
/// <param name="attempt">Asked at every read and write.</param>
internal sealed class MeteredStream(Stream inner, Action<long> passed, CancellationToken attempt) : Stream
{
    private long _bytes;

    public override bool CanRead => inner.CanRead;

    public override bool CanSeek => inner.CanSeek;

    public override bool CanWrite => inner.CanWrite;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    public override int Read(Span<byte> buffer)
    {
        attempt.ThrowIfCancellationRequested();
        return Count(inner.Read(buffer));
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await inner.ReadAsync(buffer, attempt));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        attempt.ThrowIfCancellationRequested();
        Count(buffer.Length);
        inner.Write(buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Count(buffer.Length);
        return inner.WriteAsync(buffer, attempt);
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(attempt);

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void SetLength(long value) => inner.SetLength(value);

    private int Count(int bytes)
    {
        _bytes += bytes;
        passed(_bytes);
        return bytes;
    }
}
