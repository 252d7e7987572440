using System.Diagnostics;
using System.Text.Json;
using Modular.Fixtures;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Chaos.Cell;

namespace Modular.IntegrationTests.Chaos;

/// <summary>Replicas that are killed, frozen and ignored while clients submit without a break.</summary>
public sealed class ReplicaChaosTests
{
    [Fact]
    public async Task Kill_9_of_one_of_three()
    {
        await using var postgres = await PostgresCluster.CreateAsync(durable: true);
        await using var deployment = await Deployment.CreateAsync(Settings, postgres: postgres);
        await using var one = await HostProcess.StartAsync(deployment);
        await using var connection = await deployment.ConnectAsync();
        var first = await NewestReplicaAsync(connection);
        await using var two = await HostProcess.StartAsync(deployment);
        await using var three = await HostProcess.StartAsync(deployment);
        await using var storm = await Storm.BeginAsync(deployment, [one, two, three]);
        var held = await HoldsSomethingAsync(connection, first);

        await one.KillAsync();
        var rescue = await Storm.RescueAsync(connection, held, Stopwatch.StartNew());

        await storm.FlowsAsync();
        await storm.JudgeAsync("kill -9, one of three replicas", $"its {held.Count} jobs were rescued after {rescue.TotalSeconds:0.0} s");
    }

    [Fact]
    public async Task Kill_9_of_the_only_one_and_a_restart()
    {
        await using var postgres = await PostgresCluster.CreateAsync(durable: true);
        await using var deployment = await Deployment.CreateAsync(Settings, postgres: postgres);
        await using var before = await HostProcess.StartAsync(deployment);
        await using var connection = await deployment.ConnectAsync();
        var first = await NewestReplicaAsync(connection);
        await using var storm = await Storm.BeginAsync(deployment, [before]);
        var held = await HoldsSomethingAsync(connection, first);

        await before.KillAsync();
        var clock = Stopwatch.StartNew();
        await using var after = await HostProcess.StartAsync(deployment, new Dictionary<string, string> { ["PORT"] = $"{before.Port}" });
        var rescue = await Storm.RescueAsync(connection, held, clock);

        await storm.FlowsAsync();
        await storm.JudgeAsync("kill -9, the only replica, restarted", $"its {held.Count} jobs were rescued after {rescue.TotalSeconds:0.0} s");
    }

    [Fact]
    public async Task A_replica_is_frozen_past_its_lease_and_thaws()
    {
        await using var postgres = await PostgresCluster.CreateAsync(durable: true);
        await using var deployment = await Deployment.CreateAsync(Settings, postgres: postgres);
        await using var frozen = await HostProcess.StartAsync(deployment);
        await using var connection = await deployment.ConnectAsync();
        var first = await NewestReplicaAsync(connection);
        await using var two = await HostProcess.StartAsync(deployment);
        await using var three = await HostProcess.StartAsync(deployment);
        await using var storm = await Storm.BeginAsync(deployment, [two, three], number => ("debug.sleep", new { milliseconds = number % 4 * 40, steps = 2 }));
        await HoldsSomethingAsync(connection, first);

        frozen.Freeze();
        var clock = Stopwatch.StartNew();
        var held = await Storm.HeldByAsync(connection, first);
        var rescue = await Storm.RescueAsync(connection, held, clock);
        frozen.Thaw();
        await Eventually.IsTrueAsync(
            async () => (await two.GetAsync<JsonElement>("workers")).GetProperty("items").GetArrayLength() == 3, "it works again under a new lease", TimeSpan.FromSeconds(60));

        await storm.FlowsAsync();
        await storm.JudgeAsync("SIGSTOP past the lease, then SIGCONT", $"its {held.Count} jobs were rescued after {rescue.TotalSeconds:0.0} s");
    }

    [Fact]
    public async Task A_handler_ignores_that_it_shall_stop()
    {
        var gate = Guid.NewGuid().ToString("N");
        await using var postgres = await PostgresCluster.CreateAsync(durable: true);
        await using var deployment = await Deployment.CreateAsync(Settings, postgres: postgres);
        await using var one = await ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["WORKER_CONCURRENCY"] = "4" }, modules: [.. Modules.All, new FixturesModule()]);
        // One worker is left for them while three hang: jobs that it can keep up with.
        await using var storm = await Storm.BeginAsync(deployment, [one], _ => ("debug.noop", new { }));
        var deaf = new List<JobAnswer>();
        for (var number = 0; number < 3; number++)
        {
            deaf.Add(await one.SubmitAsync(
                "fixtures.act", new { steps = new[] { new { onAttempt = 1, gate, deaf = true } } }, job => (job["timeoutSeconds"], job["maxAttempts"], job["priority"]) = (3, 2, 100), $"deaf-{number}"));
        }

        // Three of four workers hang: the timeout and the grace period free them, and the jobs' second attempts succeed.
        foreach (var job in deaf)
        {
            var done = await one.WaitForJobAsync(job.Id, TimeSpan.FromSeconds(90), "succeeded");
            done.Attempts.Select(attempt => attempt.Outcome).ShouldBe(["timedOut", "succeeded"]);
        }

        var freed = (await one.GetJobAsync(deaf[0].Id)).Attempts[0];
        // What the abandoned handlers still do changes nothing.
        Gates.Open(gate);
        await storm.FlowsAsync();
        await storm.JudgeAsync("a handler that ignores cancellation", $"its worker was free after {(freed.FinishedAt - freed.StartedAt)!.Value.TotalSeconds:0.0} s (timeout 3 s, grace 10 s)");
    }
}
