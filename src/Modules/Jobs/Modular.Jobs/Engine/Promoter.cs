using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>Moves scheduled jobs whose time has come to their queues. It sleeps until the next one is due, at most a second.</summary>
internal sealed class Promoter(WaitingJobs jobs, TimeProvider time, ILogger<Promoter> logger) : Duty(time, logger)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);
    private const int MaxBatch = 500;
    private TimeSpan _interval = Longest;

    protected override TimeSpan Interval => _interval;

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        var (promoted, next) = await jobs.PromoteAsync(MaxBatch, cancellationToken);
        _interval = next is { } due && due < Longest ? due + TimeSpan.FromMilliseconds(2) : Longest;
        return promoted == MaxBatch;
    }
}
