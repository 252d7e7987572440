using CsCheck;
using Modular.Jobs.Domain;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Jobs;

/// <summary>The wait after a failed attempt, over generated backoffs, attempts and jitters.</summary>
public sealed class BackoffTests
{
    private static readonly Gen<Backoff> Backoffs =
        from kind in Gen.Enum<BackoffKind>()
        from seconds in Gen.Int[1, 86400]
        from longest in Gen.Int[seconds, 86400]
        select new Backoff(kind, seconds, longest);

    private static readonly Gen<int> Attempts = Gen.Int[1, 50];

    // 1 is excluded, as the generator of jitter excludes it.
    private static readonly Gen<double> Jitters = Gen.Double[0, 0.999999];

    [Fact]
    public void No_wait_is_longer_than_the_maximum_or_shorter_than_half_the_base() =>
        Gen.Select(Backoffs, Attempts, Jitters).Sample((backoff, attempt, jitter) =>
        {
            var seconds = backoff.Delay(attempt, jitter).TotalSeconds;
            return seconds <= backoff.MaxSeconds && seconds >= backoff.BaseSeconds * 0.5;
        });

    [Fact]
    public void An_exponential_wait_is_drawn_from_the_upper_half_of_the_doubled_base() =>
        Gen.Select(Backoffs, Attempts, Jitters).Where((backoff, _, _) => backoff.Kind == BackoffKind.Exponential).Sample((backoff, attempt, jitter) =>
        {
            var ceiling = Math.Min(backoff.MaxSeconds, backoff.BaseSeconds * Math.Pow(2, attempt - 1));
            var seconds = backoff.Delay(attempt, jitter).TotalSeconds;
            return seconds >= ceiling / 2 - 0.001 && seconds <= ceiling + 0.001;
        });

    [Fact]
    public void A_fixed_wait_is_the_base_within_ten_percent_whatever_the_attempt() =>
        Gen.Select(Backoffs, Attempts, Jitters).Where((backoff, _, _) => backoff.Kind == BackoffKind.Fixed).Sample((backoff, attempt, jitter) =>
        {
            var seconds = backoff.Delay(attempt, jitter).TotalSeconds;
            return seconds >= backoff.BaseSeconds * 0.9 - 0.001 && seconds <= backoff.BaseSeconds * 1.1 + 0.001;
        });

    [Fact]
    public void More_jitter_or_a_later_attempt_never_waits_less() =>
        Gen.Select(Backoffs, Attempts, Jitters, Jitters).Sample((backoff, attempt, one, other) =>
            backoff.Delay(attempt, Math.Max(one, other)) >= backoff.Delay(attempt, Math.Min(one, other))
            && backoff.Delay(attempt + 1, one) >= backoff.Delay(attempt, one));

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(3, 20)]
    [InlineData(10, 2560)]
    [InlineData(11, 3600)]
    [InlineData(50, 3600)]
    public void The_default_doubles_five_seconds_up_to_an_hour(int attempt, double ceiling)
    {
        new Backoff().Delay(attempt, 0).TotalSeconds.ShouldBe(ceiling / 2);
        new Backoff().Delay(attempt, 0.9999999).TotalSeconds.ShouldBe(ceiling, 0.01);
    }
}
