using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Jobs;

/// <summary>A client of a job's events that comes back after each broken or closed connection with its last id, as EventSource does.</summary>
internal static class ResumedStream
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>All events from the start to the <c>end</c>; <paramref name="seen"/> is called with each as it comes.</summary>
    public static async Task<List<JobEvent>> ReadToEndAsync(Func<RunningModular> service, Guid id, Action<JobEvent>? seen = null)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var events = new List<JobEvent>();
        while (events is not [.., { Event: "end" }])
        {
            try
            {
                await foreach (var item in service().ReadEventsAsync(id, events.Count == 0 ? 0 : events[^1].Id, deadline.Token))
                {
                    events.Add(item);
                    seen?.Invoke(item);
                }
            }
            catch (Exception problem) when (problem is HttpRequestException or IOException && !deadline.IsCancellationRequested)
            {
                // The service is away: it comes back.
            }

            await pause.WaitForNextTickAsync(deadline.Token);
        }

        return events;
    }
}
