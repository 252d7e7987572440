using System.Net;

namespace Modular.IntegrationTests.Edge;

/// <summary>A body whose second part waits until the test lets it go.</summary>
internal sealed class GatedContent(int first, int rest) : HttpContent
{
    private readonly TaskCompletionSource _firstPartSent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task FirstPartSent => _firstPartSent.Task;

    public void Release() => _released.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(new byte[first]);
        await stream.FlushAsync();
        _firstPartSent.TrySetResult();
        await _released.Task;
        await stream.WriteAsync(new byte[rest]);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = first + rest;
        return true;
    }
}
