using System.Diagnostics;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Chaos.Cell;

namespace Modular.IntegrationTests.Chaos;

/// <summary>What replicas depend on goes away and comes back while clients submit without a break.</summary>
public sealed class OutageChaosTests
{
    [Fact]
    public async Task PostgreSQL_restarts_immediately()
    {
        await using var postgres = await PostgresCluster.CreateAsync(durable: true);
        await using var deployment = await Deployment.CreateAsync(Settings, postgres: postgres);
        await using var one = await HostProcess.StartAsync(deployment);
        await using var two = await HostProcess.StartAsync(deployment);
        await using var storm = await Storm.BeginAsync(deployment, [one, two]);

        var clock = Stopwatch.StartNew();
        await postgres.RestartImmediateAsync();
        var down = clock.Elapsed;
        await storm.FlowsAsync(more: 20);
        var flows = clock.Elapsed;

        await storm.FlowsAsync();
        await storm.JudgeAsync("PostgreSQL stopped with -m immediate", $"it was away for {down.TotalSeconds:0.0} s, jobs were accepted {(flows - down).TotalSeconds:0.0} s later");
        await using var connection = await deployment.ConnectAsync();
        (await NumberAsync(connection, "SELECT count(*) FROM jobs.replica WHERE dead")).ShouldBe(0, "Nobody is dead because the database was.");
    }

    [Fact]
    public async Task Every_connection_is_terminated()
    {
        await using var postgres = await PostgresCluster.CreateAsync(durable: true);
        await using var deployment = await Deployment.CreateAsync(Settings, postgres: postgres);
        await using var one = await HostProcess.StartAsync(deployment);
        await using var two = await HostProcess.StartAsync(deployment);
        await using var storm = await Storm.BeginAsync(deployment, [one, two]);
        await using var connection = await deployment.ConnectAsync();

        var ended = 0L;
        var longest = TimeSpan.Zero;
        for (var round = 0; round < TestSize.Of(3, 10); round++)
        {
            ended += await NumberAsync(connection, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
            var clock = Stopwatch.StartNew();
            await storm.FlowsAsync(more: 50);
            longest = clock.Elapsed > longest ? clock.Elapsed : longest;
        }

        await storm.JudgeAsync("pg_terminate_backend on everything", $"{ended} connections ended; the next 50 jobs were accepted within {longest.TotalSeconds:0.0} s each time");
    }

    [Fact]
    public async Task S3_goes_away_and_comes_back()
    {
        await using var postgres = await PostgresCluster.CreateAsync(durable: true);
        await using var deployment = await Deployment.CreateAsync(Settings, StoreKind.S3, postgres);
        await using var door = new Door(new Uri(deployment.Settings["S3_ENDPOINT"]).Port);
        var settings = new Dictionary<string, string> { ["S3_ENDPOINT"] = $"http://127.0.0.1:{door.Port}" };
        await using var one = await HostProcess.StartAsync(deployment, settings);
        await using var two = await HostProcess.StartAsync(deployment, settings);
        await one.PutObjectAsync("source", new byte[100_000]);
        await using var storm = await Storm.BeginAsync(
            deployment, [one, two], number => number % 10 == 0 ? ("archive.zip", new { output = $"out/{number}.zip", keys = new[] { "source" } }) : ("debug.noop", new { }));

        door.Shut();
        await using var connection = await deployment.ConnectAsync();
        await Eventually.IsTrueAsync(
            async () => await NumberAsync(connection, "SELECT count(*) FROM jobs.entry WHERE attempts IS NOT NULL") > 3, "attempts fail", TimeSpan.FromSeconds(60));
        door.Open();
        var clock = Stopwatch.StartNew();
        await Eventually.IsTrueAsync(
            async () => await NumberAsync(connection, "SELECT count(*) FROM jobs.entry WHERE attempts IS NOT NULL") == 0, "what failed has ended well", TimeSpan.FromSeconds(60));

        await storm.JudgeAsync("S3 stopped and back", $"what had failed was done {clock.Elapsed.TotalSeconds:0.0} s after it came back");
    }

    [Fact]
    public async Task The_disk_of_the_object_store_is_full()
    {
        await using var postgres = await PostgresCluster.CreateAsync(durable: true);
        await using var deployment = await Deployment.CreateAsync(Settings, postgres: postgres);
        // A small file system of the process's own, which goes with it.
        var objects = deployment.Settings["STORAGE_PATH"];
        Directory.CreateDirectory(objects);
        await using var one = await HostProcess.StartAsync(
            deployment, null, [.. "unshare --map-root-user --mount".Split(' '), "sh", "-c", $"mount -t tmpfs -o size=4m tmpfs '{objects}' && exec \"$@\"", "sh"]);
        await one.PutObjectAsync("source", new byte[200_000]);
        await using var storm = await Storm.BeginAsync(
            deployment, [one], number => number % 20 == 0 ? ("archive.zip", new { output = $"out/{number}.zip", keys = new[] { "source" } }) : ("debug.noop", new { }));

        var ballast = 0;
        for (var size = 1 << 20; size >= 1 << 10;)
        {
            using var put = await one.Client.PutAsync($"objects/ballast/{ballast}", new ByteArrayContent(new byte[size]), TestContext.Current.CancellationToken);
            if (put.IsSuccessStatusCode)
            {
                ballast++;
                continue;
            }

            ((int)put.StatusCode).ShouldBeOneOf(503, 507);
            size /= 4;
        }

        await using var connection = await deployment.ConnectAsync();
        await Eventually.IsTrueAsync(
            async () => await NumberAsync(connection, "SELECT count(*) FROM jobs.entry WHERE attempts IS NOT NULL") > 3, "attempts fail", TimeSpan.FromSeconds(60));
        for (var number = 0; number < ballast; number++)
            (await one.Client.DeleteAsync($"objects/ballast/{number}", TestContext.Current.CancellationToken)).IsSuccessStatusCode.ShouldBeTrue();
        var clock = Stopwatch.StartNew();
        await Eventually.IsTrueAsync(
            async () => await NumberAsync(connection, "SELECT count(*) FROM jobs.entry WHERE attempts IS NOT NULL") == 0, "what failed has ended well", TimeSpan.FromSeconds(60));

        (await one.GetObjectAsync("source")).Length.ShouldBe(200_000);
        await storm.JudgeAsync("the object store's disk is full", $"what had failed was done {clock.Elapsed.TotalSeconds:0.0} s after there was room");
    }
}
