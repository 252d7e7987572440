using Modular.Benchmarks.Peers;
using Modular.Benchmarks.Scenarios;

namespace Modular.Benchmarks;

/// <summary>One thing that is measured; what is long runs only when it is named.</summary>
internal sealed record Scenario(string Name, string Title, Func<Bench, Task> RunAsync, bool IsPeer = false, bool IsLong = false)
{
    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("drain", "no-op jobs that wait in a paused queue, from resume to the last outcome", Drain.RunAsync),
        new("pickup", "from submission to start on an idle system", Pickup.RunAsync),
        new("submit", "POST /jobs and /jobs/batch, beside pgbench -N on the same server", Submission.RunAsync),
        new("streams", "event streams on one replica", Streams.RunAsync),
        new("growth", "the claim statement with more and more waiting jobs across 50 queues", Growth.RunAsync),
        new("endurance", "ten minutes at full rate: is a claim as fast at the end", Endurance.RunAsync, IsLong: true),
        new("health", "GET /health, idle and under load", HealthLatency.RunAsync),
        new("memory", "resident memory, idle and while an object streams through", Memory.RunAsync),
        new("graphile", "graphile-worker, without and with its local queue", GraphileWorker.RunAsync, IsPeer: true),
        new("pgboss", "pg-boss", PgBoss.RunAsync, IsPeer: true),
        new("hangfire", "Hangfire.PostgreSql", HangfireServer.RunAsync, IsPeer: true),
    ];
}
