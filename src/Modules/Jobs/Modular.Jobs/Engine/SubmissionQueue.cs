using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>
/// Group commit: calls that arrive while a transaction commits share the next one. Nobody waits for a timer, so an idle service answers as fast as
/// one insert, and a busy one pays one fsync for many. (Waiting a millisecond for more was tried: larger groups, fewer requests a second.)
/// </summary>
internal sealed partial class SubmissionQueue(SubmitBatch batch, Claimer claimer, Lifecycle lifecycle, ILogger<SubmissionQueue> logger) : BackgroundService
{
    private const int MaxJobs = 1000;
    private const int MaxWaiting = 10_000;

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(MaxWaiting) { SingleReader = true });

    /// <summary>Writes the call; when this returns, it is durable.</summary>
    /// <exception cref="Refusal">503: the replica is stopping, or too many calls wait already.</exception>
    public Task<SubmissionResult> SubmitAsync(SubmissionCall call, CancellationToken cancellationToken)
    {
        if (lifecycle.Phase == LifecyclePhase.Draining)
        {
            throw Refusal.Unavailable("This replica is stopping; send the job again, another one takes it.", TimeSpan.FromSeconds(1));
        }

        var waiting = new Waiting(call, new TaskCompletionSource<SubmissionResult>(TaskCreationOptions.RunContinuationsAsynchronously));
        return _waiting.Writer.TryWrite(waiting)
            // A client that leaves does not take its job out again: it may be committed already.
            ? waiting.Result.Task.WaitAsync(cancellationToken)
            : throw Refusal.Unavailable("Too many submissions wait for the database; try again in a moment.", TimeSpan.FromSeconds(2));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var calls = new List<Waiting>();
        // Not ended by the stopping token: what waits already is written and answered, then StopAsync has closed the channel.
        while (await _waiting.Reader.WaitToReadAsync(CancellationToken.None))
        {
            calls.Clear();
            for (var jobs = 0; jobs < MaxJobs && _waiting.Reader.TryRead(out var next); jobs += next.Call.Jobs.Count)
            {
                calls.Add(next);
            }

            await WriteAsync(calls);
        }
    }

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        _waiting.Writer.TryComplete();
        return base.StopAsync(cancellationToken);
    }

    private async Task WriteAsync(IReadOnlyList<Waiting> calls)
    {
        try
        {
            var results = await claimer.StartOnSubmitAsync(idle => batch.WriteAsync([.. calls.Select(item => item.Call)], idle, CancellationToken.None));
            foreach (var (item, result) in calls.Zip(results))
            {
                item.Result.TrySetResult(result);
            }
        }
        catch (Exception problem) when (problem is Refusal or DbException { IsTransient: false, SqlState: not null } && calls.Count > 1)
        {
            // One call holds what is refused: each gets its own transaction, and only that one its error.
            Split(logger, problem, calls.Count);
            foreach (var item in calls)
            {
                await WriteAsync([item]);
            }
        }
        catch (Exception problem)
        {
            foreach (var item in calls)
            {
                item.Result.TrySetException(problem);
            }
        }
    }

    private sealed record Waiting(SubmissionCall Call, TaskCompletionSource<SubmissionResult> Result);

    [LoggerMessage(180, LogLevel.Warning, "A group of {Calls} submissions was refused; each is tried by itself")]
    private static partial void Split(ILogger logger, Exception problem, int calls);
}
