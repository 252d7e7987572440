using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace Modular.IntegrationTests.Infrastructure;

/// <summary>Waits for a condition instead of for a time.</summary>
internal static class Eventually
{
    public static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(25);

    /// <summary>Reads until the value satisfies the condition and gives it back; past the deadline it fails with the last value or exception.</summary>
    public static async Task<T> ReadAsync<T>(Func<Task<T>> read, Func<T, bool> condition, string expectation, TimeSpan? deadline = null)
    {
        var limit = deadline ?? DefaultDeadline;
        var clock = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(Interval);
        while (true)
        {
            object? last;
            Exception? fault = null;
            try
            {
                var value = await read();
                if (condition(value))
                    return value;
                last = value;
            }
            catch (Exception exception) when (exception is not StopWaitingException and not OutOfMemoryException)
            {
                last = $"{exception.GetType().Name}: {exception.Message}";
                fault = exception;
            }

            if (clock.Elapsed > limit)
                throw new TimeoutException($"Expected within {limit.TotalSeconds:0.#} s: {expectation}. Last seen: {last ?? "null"}", fault);
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits until the condition holds.</summary>
    public static Task IsTrueAsync(Func<Task<bool>> condition, string expectation, TimeSpan? deadline = null) =>
        ReadAsync(condition, holds => holds, expectation, deadline);

    /// <summary>Waits until the condition holds.</summary>
    public static Task IsTrueAsync(Func<bool> condition, string expectation, TimeSpan? deadline = null) =>
        ReadAsync(() => Task.FromResult(condition()), holds => holds, expectation, deadline);

    /// <summary>Lets the time of <paramref name="time"/> pass, a second at a look, until the task has ended.</summary>
    public static Task EndsAsync(Task task, FakeTimeProvider time, string expectation) =>
        IsTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return task.IsCompleted;
            },
            expectation,
            TimeSpan.FromSeconds(60));

    /// <summary>Repeats assertions until none throws.</summary>
    public static Task PassesAsync(Func<Task> assertions, TimeSpan? deadline = null) =>
        ReadAsync(
            async () =>
            {
                await assertions();
                return true;
            },
            passed => passed,
            "all assertions pass",
            deadline);
}

/// <summary>What was waited for can no longer come: <see cref="Eventually"/> lets it through at once.</summary>
internal sealed class StopWaitingException(string message) : Exception(message);
