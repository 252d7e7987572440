namespace Modular.Benchmarks;

/// <summary>Durations in milliseconds and their quantiles (nearest rank).</summary>
internal sealed class Samples
{
    private readonly List<double> _values;
    private bool _sorted;

    public Samples(IEnumerable<double> milliseconds) => _values = [.. milliseconds];

    public Samples() => _values = [];

    public int Count => _values.Count;

    public double P50 => Quantile(0.50);

    public double P99 => Quantile(0.99);

    public double Max => Quantile(1);

    public void Add(TimeSpan duration)
    {
        _values.Add(duration.TotalMilliseconds);
        _sorted = false;
    }

    public double Quantile(double share)
    {
        if (_values.Count == 0)
            return double.NaN;
        if (!_sorted)
            _values.Sort();
        _sorted = true;
        return _values[Math.Clamp((int)Math.Ceiling(share * _values.Count) - 1, 0, _values.Count - 1)];
    }
}
