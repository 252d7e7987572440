using System.Diagnostics.Metrics;
using Prometheus;

namespace Modular.Ops.Telemetry;

/// <summary>The connection pool, as Npgsql's own meter tells it when a scrape comes.</summary>
internal sealed class PoolGauges : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Gauge.Child _busy;
    private readonly Gauge.Child _idle;
    private readonly Gauge _max;

    public PoolGauges(IMetricFactory metrics)
    {
        var connections = metrics.CreateGauge("modular_db_pool_connections", "Pooled database connections.", ["state"]);
        (_busy, _idle) = (connections.WithLabels("busy"), connections.WithLabels("idle"));
        _max = metrics.CreateGauge("modular_db_pool_max_connections", "Largest number of pooled database connections.");
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Names of Npgsql 9; its version 10 renames them.
            if (instrument is { Meter.Name: "Npgsql", Name: "db.client.connections.usage" or "db.client.connections.max" })
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>(Measured);
        _listener.Start();
    }

    public void Refresh() => _listener.RecordObservableInstruments();

    public void Dispose() => _listener.Dispose();

    private void Measured(Instrument instrument, int value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state)
    {
        if (instrument.Name == "db.client.connections.max")
        {
            _max.Set(value);
            return;
        }

        foreach (var tag in tags)
        {
            if (tag.Key == "state")
            {
                (tag.Value is "idle" ? _idle : _busy).Set(value);
            }
        }
    }
}
