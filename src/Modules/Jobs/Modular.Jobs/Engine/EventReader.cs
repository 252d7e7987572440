using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>
/// Reads events for all streams of this replica: whoever waits while a read runs shares the next one. A thousand watchers cost one query at a time,
/// and watchers of the same job one row set.
/// </summary>
internal sealed partial class EventReader(EventLog events, ILogger<EventReader> logger) : BackgroundService
{
    private const int MaxJobs = 200;

    private readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>What follows <paramref name="after"/>; null when the job is gone. Each stream asks one question at a time, so the queue is bounded by the streams.</summary>
    public async Task<JobTail?> ReadAsync(Guid job, int after, CancellationToken cancellationToken)
    {
        var request = new Request(job, after, new TaskCompletionSource<JobTail?>(TaskCreationOptions.RunContinuationsAsynchronously));
        await _requests.Writer.WriteAsync(request, cancellationToken);
        return await request.Answer.Task.WaitAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var round = new List<Request>();
        var afters = new Dictionary<Guid, int>();
        while (await _requests.Reader.WaitToReadAsync(stoppingToken))
        {
            round.Clear();
            afters.Clear();
            while (afters.Count < MaxJobs && _requests.Reader.TryRead(out var request))
            {
                round.Add(request);
                afters[request.Job] = Math.Min(request.After, afters.GetValueOrDefault(request.Job, int.MaxValue));
            }

            await AnswerAsync(round, afters, stoppingToken);
        }
    }

    private async Task AnswerAsync(List<Request> round, Dictionary<Guid, int> afters, CancellationToken cancellationToken)
    {
        try
        {
            var tails = await events.ReadAsync(afters, cancellationToken);
            foreach (var request in round)
            {
                request.Answer.TrySetResult(tails.TryGetValue(request.Job, out var tail) ? tail.After(request.After) : null);
            }
        }
        catch (Exception problem)
        {
            Failed(logger, problem.Message, round.Count);
            foreach (var request in round)
            {
                // The stream ends; its client comes back with the last number it saw.
                request.Answer.TrySetException(problem);
            }
        }
    }

    private sealed record Request(Guid Job, int After, TaskCompletionSource<JobTail?> Answer);

    [LoggerMessage(190, LogLevel.Warning, "Reading events failed ({Reason}); {Streams} streams end and resume")]
    private static partial void Failed(ILogger logger, string reason, int streams);
}
