using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Modular.Benchmarks.Load;

/// <summary>
/// A keep-alive HTTP/1.1 connection that sends prepared bytes and reads just enough of the answer to know where it ends. The load shares its
/// cores with what it measures: a full client would cost as much as the server.
/// </summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[16 * 1024];
    private int _length;
    private int _bodyStart;

    /// <summary>The answer's body as it came (with chunk sizes in between when it was chunked).</summary>
    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_bodyStart, _length - _bodyStart);

    public static async Task<RawConnection> OpenAsync(int port)
    {
        var connection = new RawConnection();
        await connection._socket.ConnectAsync(IPAddress.Loopback, port);
        return connection;
    }

    /// <summary>The bytes of a request with the bearer's key.</summary>
    public static byte[] Request(string method, string path, string? json = null) => Encoding.UTF8.GetBytes(
        $"{method} /api/v1/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {Bench.ApiKey}\r\n" +
        (json is null ? "\r\n" : $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(json)}\r\n\r\n{json}"));

    /// <summary>Sends a request and reads its whole answer; gives back the status.</summary>
    public async ValueTask<int> AskAsync(ReadOnlyMemory<byte> request)
    {
        await _socket.SendAsync(request);
        _length = 0;
        var headers = -1;
        while (headers < 0)
        {
            await ReadMoreAsync();
            headers = _buffer.AsSpan(0, _length).IndexOf("\r\n\r\n"u8);
        }

        _bodyStart = headers + 4;
        while (!IsComplete())
            await ReadMoreAsync();
        return Status();
    }

    /// <summary>Sends a request and gives what arrives, headers included, to <paramref name="onBytes"/> until that says stop or the server closes.</summary>
    public async Task StreamAsync(ReadOnlyMemory<byte> request, Func<ReadOnlyMemory<byte>, bool> onBytes)
    {
        await _socket.SendAsync(request);
        while (await _socket.ReceiveAsync(_buffer) is var read and > 0)
        {
            if (!onBytes(_buffer.AsMemory(0, read)))
                return;
        }
    }

    public void Dispose() => _socket.Dispose();

    private int Status() => Utf8Parser.TryParse(_buffer.AsSpan("HTTP/1.1 ".Length, 3), out int status, out _) ? status : 0;

    private bool IsComplete()
    {
        var headers = _buffer.AsSpan(0, _bodyStart);
        var length = "Content-Length: "u8;
        if (headers.IndexOf(length) is var at and >= 0)
            return Utf8Parser.TryParse(headers[(at + length.Length)..], out int size, out _) && _length >= _bodyStart + size;
        // One request at a time: the last chunk is the end of what was read.
        return headers.IndexOf("chunked"u8) < 0 || Body.EndsWith("0\r\n\r\n"u8);
    }

    private async ValueTask ReadMoreAsync()
    {
        if (_length == _buffer.Length)
            Array.Resize(ref _buffer, 2 * _buffer.Length);
        var read = await _socket.ReceiveAsync(_buffer.AsMemory(_length));
        if (read == 0)
            throw new IOException("The server closed the connection.");
        _length += read;
    }
}
