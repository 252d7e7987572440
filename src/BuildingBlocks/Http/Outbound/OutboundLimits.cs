namespace Modular.BuildingBlocks.Http.Outbound;

/// <summary>How long and how far an outbound call may go.</summary>
/// <param name="Answer">From the first byte sent to the end of the answer's headers, for each redirect anew.</param>
/// <param name="Window">A body must bring <paramref name="WindowBytes"/>, or its end, in each stretch of this length: who trickles holds no worker for hours.</param>
/// <param name="WindowBytes">Bytes.</param>
/// <param name="Redirects">Followed at most.</param>
internal sealed record OutboundLimits(TimeSpan Answer, TimeSpan Window, int WindowBytes, int Redirects)
{
    public static OutboundLimits Default { get; } = new(TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30), 30 * 1024, 5);
}
