using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Contracts;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>Starts the parts of the worker in order and, above all, stops them in order: claim no more, give back what waits, let run what runs, write what ended, end the lease.</summary>
internal sealed partial class JobEngine(
    Claimer claimer, Executor executor, Completer completer, EventWriter events, LeaseKeeper lease, HeldJobs held, Replica replica, Replicas replicas,
    JobsOptions options, ShutdownOptions shutdown, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<JobEngine> logger) : IHostedLifecycleService, IDisposable
{
    /// <summary>Kept from the shutdown time for handlers to react to their token, and for the last writes.</summary>
    private static readonly TimeSpan Reserve = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stopClaiming = new();
    private readonly CancellationTokenSource _stopEvents = new();
    private readonly CancellationTokenSource _giveUp = new();
    private Task _claiming = Task.CompletedTask;
    private Task _executing = Task.CompletedTask;
    private Task _completing = Task.CompletedTask;
    private Task _events = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Concurrency == 0)
        {
            return Task.CompletedTask;
        }

        lease.Start();
        _events = Task.Run(() => GuardAsync(events.RunAsync(_stopEvents.Token)), CancellationToken.None);
        _completing = Task.Run(() => GuardAsync(completer.RunAsync(_giveUp.Token)), CancellationToken.None);
        _executing = Task.WhenAll(Enumerable.Range(0, options.Concurrency).Select(_ => Task.Run(() => GuardAsync(claimer.ExecuteAsync()), CancellationToken.None)));
        _claiming = Task.Run(() => GuardAsync(claimer.ClaimAsync(_stopClaiming.Token)), CancellationToken.None);
        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>At the signal, while the listener still stays open: what this replica would claim now, others should.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (options.Concurrency == 0)
        {
            return;
        }

        lease.MarkDraining();
        await _stopClaiming.CancelAsync();
        await _claiming;
        // Closed first: a submission that was under way may just have started its jobs here.
        await claimer.CloseBufferAsync();
        await claimer.ReturnBufferedAsync(_ => true);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (options.Concurrency == 0)
        {
            return;
        }

        var started = time.GetTimestamp();
        var patience = shutdown.Timeout - shutdown.Delay - Reserve;
        if (!await EndsWithinAsync(_executing, patience > TimeSpan.Zero ? patience : TimeSpan.Zero))
        {
            var unfinished = held.All.ToArray();
            Interrupting(logger, unfinished.Length);
            foreach (var attempt in unfinished)
            {
                attempt.Stop(StopReason.Draining);
            }

            if (!await EndsWithinAsync(_executing, Reserve / 2))
            {
                // A handler that ignores its token: its job goes back all the same, and what it still tries to write is refused.
                foreach (var attempt in held.All.Where(attempt => attempt.TryEnd()))
                {
                    await completer.AddAsync(executor.Interrupted(attempt));
                }
            }
        }

        await _stopEvents.CancelAsync();
        completer.Complete();
        if (!await EndsWithinAsync(_completing, Reserve))
        {
            // The database is away: after the lease, other replicas rescue what could not be given back.
            await _giveUp.CancelAsync();
        }

        lease.Stop();
        if (replica.Id != 0 && held.Count == 0)
        {
            await UnregisterAsync();
        }

        Stopped(logger, replica.Name, time.GetElapsedTime(started).TotalSeconds);
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _stopClaiming.Dispose();
        _stopEvents.Dispose();
        _giveUp.Dispose();
    }

    /// <summary>None of these may end by a fault. If one does all the same, the lease would go on being renewed for jobs that nobody runs: rather the process ends, and others rescue them.</summary>
    private async Task GuardAsync(Task part)
    {
        try
        {
            await part;
        }
        catch (Exception problem) when (!_giveUp.IsCancellationRequested)
        {
            Faulted(logger, problem);
            lifetime.StopApplication();
        }
    }

    private async Task<bool> EndsWithinAsync(Task task, TimeSpan patience)
    {
        using var over = new CancellationTokenSource();
        var ended = await Task.WhenAny(task, Task.Delay(patience, time, over.Token)) == task;
        await over.CancelAsync();
        return ended;
    }

    private async Task UnregisterAsync()
    {
        try
        {
            using var deadline = new CancellationTokenSource(Reserve, time);
            await replicas.UnregisterAsync(replica.Id, deadline.Token);
        }
        catch (Exception problem)
        {
            // The lease ends by itself; nothing hangs on the row.
            UnregisterFailed(logger, problem.Message);
        }
    }

    [LoggerMessage(163, LogLevel.Critical, "A part of the worker ended by a fault; the process stops")]
    private static partial void Faulted(ILogger logger, Exception problem);

    [LoggerMessage(160, LogLevel.Information, "Stopping: {Jobs} running jobs did not end in time; they are interrupted and go back to their queues")]
    private static partial void Interrupting(ILogger logger, int jobs);

    [LoggerMessage(161, LogLevel.Information, "Replica {Replica} stopped working after {Seconds:0.0} s")]
    private static partial void Stopped(ILogger logger, string replica, double seconds);

    [LoggerMessage(162, LogLevel.Warning, "The lease row could not be removed ({Reason}); it runs out by itself")]
    private static partial void UnregisterFailed(ILogger logger, string reason);
}
