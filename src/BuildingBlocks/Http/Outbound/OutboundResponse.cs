using System.Net;
using System.Net.Http.Headers;

namespace Modular.BuildingBlocks.Http.Outbound;

/// <summary>An answer whose body has not been read yet.</summary>
public sealed class OutboundResponse : IDisposable
{
    private readonly HttpResponseMessage _message;
    private readonly OutboundLimits _limits;
    private readonly TimeProvider _time;
    private Stream? _body;
    private long _windowStart;
    private long _windowBytes;

    internal OutboundResponse(HttpResponseMessage message, Uri url, OutboundLimits limits, TimeProvider time)
    {
        _message = message;
        _limits = limits;
        _time = time;
        Url = url;
    }

    /// <summary>Who answered, after all redirects.</summary>
    public Uri Url { get; }

    public HttpStatusCode Status => _message.StatusCode;

    public HttpResponseHeaders Headers => _message.Headers;

    public HttpContentHeaders ContentHeaders => _message.Content.Headers;

    /// <summary>The next bytes of the body; 0 at its end.</summary>
    /// <exception cref="IOException">The body was cut off: it ended before the length that was announced, or its last chunk.</exception>
    /// <exception cref="TimeoutException">It comes too slowly.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_body is null)
        {
            _body = await _message.Content.ReadAsStreamAsync(cancellationToken);
            _windowStart = _time.GetTimestamp();
        }

        var left = _limits.Window - _time.GetElapsedTime(_windowStart);
        using var window = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(window.Token, cancellationToken);
        try
        {
            var read = await _body.ReadAsync(buffer, both.Token);
            _windowBytes += read;
            if (_windowBytes >= _limits.WindowBytes)
            {
                (_windowStart, _windowBytes) = (_time.GetTimestamp(), 0);
            }

            return read;
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{Url.Host} sent fewer than {_limits.WindowBytes:N0} bytes in {_limits.Window.TotalSeconds:N0} s.", late);
        }
    }

    public void Dispose() => _message.Dispose();
}
