using System.Collections.Concurrent;

namespace Modular.Fixtures;

/// <summary>Where handlers wait until a test lets them go on, and what the test may ask about them. Names are a test's own.</summary>
public static class Gates
{
    private static readonly ConcurrentDictionary<string, TaskCompletionSource> Known = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, int> Waiters = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<Guid, int> Started = new();
    private static readonly ConcurrentQueue<Guid> Order = new();

    /// <summary>Everybody who waits there, and who comes later, goes on.</summary>
    public static void Open(string name) => Gate(name).TrySetResult();

    /// <summary>How many attempts of the job began in this process.</summary>
    public static int RunsOf(Guid job) => Started.GetValueOrDefault(job);

    /// <summary>The given jobs, in the order in which they began.</summary>
    public static IReadOnlyList<Guid> OrderOf(IReadOnlyCollection<Guid> jobs) => [.. Order.Where(jobs.Contains)];

    /// <summary>How many handlers have come to the gate, whether it let them go on or not.</summary>
    public static int WaitersAt(string name) => Waiters.GetValueOrDefault(name);

    internal static Task WaitAsync(string name, CancellationToken cancellationToken)
    {
        Waiters.AddOrUpdate(name, 1, (_, waiters) => waiters + 1);
        return Gate(name).Task.WaitAsync(cancellationToken);
    }

    internal static void Began(Guid job)
    {
        Started.AddOrUpdate(job, 1, (_, runs) => runs + 1);
        Order.Enqueue(job);
    }

    private static TaskCompletionSource Gate(string name) =>
        Known.GetOrAdd(name, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
