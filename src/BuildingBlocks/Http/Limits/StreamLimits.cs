using Microsoft.AspNetCore.Http;

namespace Modular.BuildingBlocks.Http.Limits;

/// <summary>Event streams that one client has open at once. They are not rated: a browser whose stream is refused once never comes back.</summary>
internal sealed class StreamLimits(LimitOptions options)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<RateClient, int> _open = [];

    /// <summary>Takes one of the client's places until disposed.</summary>
    /// <exception cref="Refusal">429: all of them are taken.</exception>
    public IDisposable Open(HttpContext context)
    {
        var client = RateClient.Of(context, out _);
        lock (_lock)
        {
            var open = _open.GetValueOrDefault(client);
            if (options.StreamsPerClient > 0 && open >= options.StreamsPerClient)
            {
                throw new Refusal(StatusCodes.Status429TooManyRequests, $"This client has {open} event streams open, which is as many as it may; close one first.") { RetryAfter = AskAgain };
            }

            _open[client] = open + 1;
        }

        return new Place(this, client);
    }

    private void Close(RateClient client)
    {
        lock (_lock)
        {
            // An address without a stream is forgotten: the table is as large as the number of open streams.
            if (--_open[client] == 0)
            {
                _open.Remove(client);
            }
        }
    }

    private sealed class Place(StreamLimits limits, RateClient client) : IDisposable
    {
        public void Dispose() => limits.Close(client);
    }
}
