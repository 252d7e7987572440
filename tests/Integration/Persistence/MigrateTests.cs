using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Modular.BuildingBlocks.Persistence;
using Modular.Host;
using Modular.IntegrationTests.Edge;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.IntegrationTests.Persistence;

/// <summary><c>--migrate</c>, which deployments run once before any replica starts, against databases that are not as they should be.</summary>
public sealed class MigrateTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_waits_for_a_database_that_comes_up_late_and_then_migrates()
    {
        await using var postgres = await PostgresCluster.CreateAsync();
        await using var deployment = await Deployment.CreateAsync(postgres: postgres);
        await postgres.StopAsync();
        await using var migrate = await HostProcess.LaunchAsync(deployment, settings: null, "--migrate");
        await Eventually.IsTrueAsync(() => migrate.Output.Any(line => line.Contains("does not answer yet")), "it says that it waits", TimeSpan.FromSeconds(30));

        await postgres.StartAsync();
        (await migrate.WaitForExitAsync()).ShouldBe(0, string.Join('\n', migrate.Output));
        await using var replica = await HostProcess.StartAsync(deployment, new Dictionary<string, string> { ["AUTO_MIGRATE"] = "false" });
    }

    [Fact]
    public async Task The_wait_has_an_end_and_the_exit_code_is_1()
    {
        var time = new FakeTimeProvider();
        await using var deployment = await Deployment.CreateAsync();
        var nowhere = new NpgsqlConnectionStringBuilder(deployment.ConnectionString) { Port = Loopback.FreePort() }.ConnectionString;
        await using var app = Build(deployment, nowhere, time);
        var began = time.GetUtcNow();
        var migrate = Run.MigrateAsync(app);
        await Eventually.EndsAsync(migrate, time, "it gives up");

        (await migrate).ShouldBe(1);
        (time.GetUtcNow() - began).ShouldBeInRange(TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_database_that_does_not_let_it_in_is_one_line_with_the_reason()
    {
        await using var deployment = await Deployment.CreateAsync();
        var connection = new NpgsqlConnectionStringBuilder(deployment.ConnectionString) { Database = "nobody-made-this-one" };
        await using var migrate = await HostProcess.LaunchAsync(
            deployment, new Dictionary<string, string> { ["DATABASE_URL"] = connection.ConnectionString, ["LOG_FORMAT"] = "json" }, "--migrate");

        (await migrate.WaitForExitAsync()).ShouldBe(1);
        var line = LogLines.Parse(migrate).ShouldHaveSingleItem();
        line.Text("@l").ShouldBe("Fatal");
        line.Text("@m")!.ShouldContain("3D000");
        line.Text("@x").ShouldBeNull("A stack says nothing about a database that is not there.");
        line.GetRawText().ShouldNotContain(connection.Password!);
    }

    [Fact]
    public async Task A_session_that_is_ended_in_the_middle_is_told_as_what_it_is()
    {
        await using var app = await ModularApp.StartAsync();
        await using var connection = await app.Deployment.ConnectAsync();
        // A connection of its own to look with: within a transaction pg_stat_activity stays as it was.
        await using var looking = await app.Deployment.ConnectAsync();
        await using var transaction = await connection.BeginTransactionAsync(CancellationToken);
        await ExecuteAsync(connection, "LOCK TABLE jobs.migration IN ACCESS EXCLUSIVE MODE");

        var apply = app.Services.GetRequiredService<Migrations>().ApplyAsync(CancellationToken);
        await Eventually.IsTrueAsync(
            async () => await ExecuteAsync(
                looking,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'SELECT name FROM %.migration'") is true,
            "the migration waits for the table, and its session is ended");

        (await Should.ThrowAsync<PostgresException>(apply)).SqlState.ShouldBe(PostgresErrorCodes.AdminShutdown);
        await transaction.RollbackAsync(CancellationToken);
        await app.Services.GetRequiredService<Migrations>().ApplyAsync(CancellationToken);
    }

    private static WebApplication Build(Deployment deployment, string database, FakeTimeProvider time) => ModularHost.Build(
        [
            .. new Dictionary<string, string>(deployment.Settings) { ["DATABASE_URL"] = database, ["environment"] = "Development", ["LOG_LEVEL"] = "error" }.Select(setting => $"--{setting.Key}={setting.Value}"),
        ],
        [.. Modules.All, new ClockModule(time)]);

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(CancellationToken);
    }
}
