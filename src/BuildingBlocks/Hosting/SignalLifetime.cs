using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Modular.BuildingBlocks.Hosting;

/// <summary>
/// Stops on SIGTERM and SIGINT. The first one begins the orderly stop and sets the clock: whatever still runs when the time is over (a request without end,
/// a handler that hangs) does not keep the process. The second one ends it at once.
/// </summary>
internal sealed partial class SignalLifetime(IHostApplicationLifetime application, ShutdownOptions options, ILogger<SignalLifetime> logger) : IHostLifetime, IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal));
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
        {
            EndsNow(logger, context.Signal);
            // What a shell reports for a process that the signal itself ended.
            Environment.Exit(128 + (context.Signal == PosixSignal.SIGINT ? 2 : 15));
        }

        Received(logger, context.Signal);
        // A thread of its own: handlers that block may have taken all of the pool's.
        new Thread(WatchDeadline) { IsBackground = true, Name = "shutdown-deadline" }.Start();
        application.StopApplication();
    }

    private void WatchDeadline()
    {
        using var never = new ManualResetEventSlim();
        never.Wait(options.Deadline);
        Overdue(logger, options.Timeout.TotalSeconds);
        // Still in order: every job that ran is either given back or rescued when the lease is over.
        Environment.Exit(0);
    }

    [LoggerMessage(43, LogLevel.Information, "{Signal} received")]
    private static partial void Received(ILogger logger, PosixSignal signal);

    [LoggerMessage(44, LogLevel.Warning, "A second signal ({Signal}): the process ends at once")]
    private static partial void EndsNow(ILogger logger, PosixSignal signal);

    [LoggerMessage(45, LogLevel.Warning, "Something did not stop within {Timeout} s: the process ends without it")]
    private static partial void Overdue(ILogger logger, double timeout);
}
