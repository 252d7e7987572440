using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Contracts;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>Removes finished jobs past their retention with all that they own, in small batches, so that no lock is held for long and no vacuum is overwhelmed.</summary>
internal sealed partial class Pruner(Retention retention, WaitingJobs jobs, IArtifactStore artifacts, JobsOptions options, TimeProvider time, ILogger<Pruner> logger) : Duty(time, logger)
{
    private const int MaxBatch = 500;

    protected override TimeSpan Interval => TimeSpan.FromMinutes(1);

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        await retention.ForgetSamplesAsync(cancellationToken);
        var keys = await retention.ForgetKeysAsync(MaxBatch, cancellationToken);
        var expired = await retention.FindExpiredAsync(options.KeepSucceeded, options.KeepFailed, MaxBatch, cancellationToken);
        if (expired.Count > 0)
        {
            // Objects first, as everywhere: a crash between the two leaves a job without artifacts, which the next round ends.
            await artifacts.DeleteOwnedAsync(expired, cancellationToken);
            var deleted = await jobs.DeleteAsync(expired, cancellationToken);
            Pruned(logger, deleted.Count);
        }

        return keys == MaxBatch || expired.Count == MaxBatch;
    }

    [LoggerMessage(200, LogLevel.Information, "Removed {Jobs} jobs past their retention")]
    private static partial void Pruned(ILogger logger, int jobs);
}
