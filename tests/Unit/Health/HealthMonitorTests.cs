using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Modular.BuildingBlocks.Hosting;
using Modular.Health.Probing;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Health;

public sealed class HealthMonitorTests
{
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Callers_share_the_round_in_flight_and_its_answer_for_a_second()
    {
        var answer = new TaskCompletionSource<ProbeResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var probe = new Probe("part", isCritical: true, _ => answer.Task);
        var monitor = Monitor(probe);

        var first = monitor.GetAsync(CancellationToken);
        var second = monitor.GetAsync(CancellationToken);
        answer.SetResult(new ProbeResult(HealthStatus.Healthy));
        (await first).ShouldBeSameAs(await second);
        _time.Advance(TimeSpan.FromSeconds(0.9));
        (await monitor.GetAsync(CancellationToken)).ShouldBeSameAs(await first);
        probe.Questions.ShouldBe(1);

        _time.Advance(TimeSpan.FromSeconds(0.1));
        await monitor.GetAsync(CancellationToken);
        probe.Questions.ShouldBe(2);
    }

    [Fact]
    public async Task A_probe_that_ignores_its_token_holds_nobody_up_and_is_not_asked_twice()
    {
        var answer = new TaskCompletionSource<ProbeResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var stuck = new Probe("stuck", isCritical: true, _ => answer.Task);
        var monitor = Monitor(stuck);

        var round = monitor.GetAsync(CancellationToken);
        await stuck.Asked;
        await AdvanceUntilAsync(round);
        var report = await round;
        report.Status.ShouldBe(HealthStatus.Unhealthy);
        report.Parts.ShouldHaveSingleItem().Detail.ShouldBe("did not answer within 1 s");

        _time.Advance(TimeSpan.FromSeconds(5));
        var next = await monitor.GetAsync(CancellationToken);
        next.Parts[0].Detail!.ShouldContain("has not answered for");
        stuck.Questions.ShouldBe(1);

        answer.SetResult(new ProbeResult(HealthStatus.Healthy));
        // The end of the old question reaches the runner by way of the pool.
        while ((await monitor.GetAsync(CancellationToken)).Status is not HealthStatus.Healthy)
            _time.Advance(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_fault_counts_as_down_and_its_text_stays_inside()
    {
        var monitor = Monitor(new Probe("part", isCritical: true, _ => throw new InvalidOperationException("Host=db.internal;Password=secret")));

        var part = (await monitor.GetAsync(CancellationToken)).Parts.ShouldHaveSingleItem();

        part.Status.ShouldBe(HealthStatus.Unhealthy);
        part.Detail.ShouldBe("cannot be reached (InvalidOperationException)");
    }

    [Theory]
    [InlineData(HealthStatus.Healthy, true, HealthStatus.Healthy)]
    [InlineData(HealthStatus.Disabled, true, HealthStatus.Healthy)]
    [InlineData(HealthStatus.Degraded, true, HealthStatus.Degraded)]
    [InlineData(HealthStatus.Unhealthy, true, HealthStatus.Unhealthy)]
    [InlineData(HealthStatus.Unhealthy, false, HealthStatus.Degraded)]
    public async Task The_whole_is_as_bad_as_what_matters(HealthStatus part, bool isCritical, HealthStatus whole)
    {
        var monitor = Monitor(
            new Probe("part", isCritical, _ => Task.FromResult(new ProbeResult(part))),
            new Probe("well", isCritical: true, _ => Task.FromResult(new ProbeResult(HealthStatus.Healthy))));

        (await monitor.GetAsync(CancellationToken)).Status.ShouldBe(whole);
    }

    private HealthMonitor Monitor(params IHealthProbe[] probes) => new(probes, _time, NullLogger<HealthMonitor>.Instance);

    // The round sets its timers on the pool: the clock goes on until they are there and fire.
    private async Task AdvanceUntilAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    private sealed class Probe(string name, bool isCritical, Func<CancellationToken, Task<ProbeResult>> check) : IHealthProbe
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _questions;

        public string Name => name;

        public bool IsCritical => isCritical;

        public int Questions => Volatile.Read(ref _questions);

        public Task Asked => _asked.Task;

        public Task<ProbeResult> CheckAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _questions);
            _asked.TrySetResult();
            return check(cancellationToken);
        }
    }
}
