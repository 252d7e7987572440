using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Hosting;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Engine;

/// <summary>Notes the queues' depth for the charts.</summary>
internal sealed class DepthSampler(JobSeries series, TimeProvider time, ILogger<DepthSampler> logger) : Duty(time, logger)
{
    protected override TimeSpan Interval => TimeSpan.FromSeconds(15);

    protected override async Task<bool> RunRoundAsync(CancellationToken cancellationToken)
    {
        await series.SampleDepthAsync(Interval, cancellationToken);
        return false;
    }
}
