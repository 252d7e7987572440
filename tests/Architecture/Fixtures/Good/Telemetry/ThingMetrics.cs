using Prometheus;

namespace Modular.ArchitectureTests.Fixtures.Good.Telemetry;

internal sealed class ThingMetrics(IMetricFactory metrics)
{
    private readonly Counter _things = metrics.CreateCounter("modular_things_total", "Things.");

    public void Count() => _things.Inc();
}
