using Modular.BuildingBlocks.Configuration;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Edge;

public sealed class ConfigurationTests
{
    private static readonly Dictionary<string, string> Valid = new(StringComparer.Ordinal)
    {
        ["environment"] = "Production",
        ["DATABASE_URL"] = "postgres://user:password@nowhere.invalid/db",
        ["ADMIN_API_KEY"] = EdgeClient.AdminKey,
    };

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("PORT", "http")]
    [InlineData("PORT", "70000")]
    [InlineData("DATABASE_URL", "")]
    [InlineData("DATABASE_URL", "mysql://user@host/db")]
    [InlineData("DB_MAX_CONNECTIONS", "0")]
    [InlineData("DB_MIN_CONNECTIONS", "26")]
    [InlineData("DB_CONNECTION_LIFETIME_SECONDS", "-1")]
    [InlineData("AUTO_MIGRATE", "yes")]
    [InlineData("STORAGE_PROVIDER", "azure")]
    [InlineData("S3_ENDPOINT", "minio:9000")]
    [InlineData("WORKER_CONCURRENCY", "-1")]
    [InlineData("WORKER_QUEUES", "Images")]
    [InlineData("WORKER_QUEUES", "images, video jobs")]
    [InlineData("JOB_LEASE_SECONDS", "301")]
    [InlineData("JOB_RETENTION_DAYS", "for ever")]
    [InlineData("JOB_RETENTION_FAILED_DAYS", "-1")]
    [InlineData("ENABLE_DEBUG_JOBS", "2")]
    [InlineData("LOG_LEVEL", "verbose")]
    [InlineData("LOG_FORMAT", "xml")]
    [InlineData("ALLOWED_ORIGINS", "*")]
    [InlineData("ALLOWED_ORIGINS", "app.example.com")]
    [InlineData("ALLOWED_ORIGINS", "https://app.example.com/")]
    [InlineData("ALLOWED_ORIGINS", "https://a.example.com, https://user:password@b.example.com")]
    [InlineData("RATE_LIMIT_PER_MINUTE", "many")]
    [InlineData("RATE_LIMIT_EXPENSIVE_PER_MINUTE", "-1")]
    [InlineData("MAX_STREAMS_PER_CLIENT", "1.5")]
    [InlineData("TRUSTED_PROXIES", "10.0.0.0/33")]
    [InlineData("TRUSTED_PROXIES", "nginx")]
    [InlineData("CLIENT_IP_HEADER", "X Real IP")]
    [InlineData("MAX_REQUEST_SIZE_MB", "0")]
    [InlineData("MAX_UPLOAD_SIZE_MB", "0")]
    [InlineData("ADMIN_API_KEY", "short")]
    [InlineData("ADMIN_API_KEY", "")]
    [InlineData("AUTH_DISABLED", "perhaps")]
    [InlineData("SHUTDOWN_DELAY_SECONDS", "30")]
    [InlineData("SHUTDOWN_TIMEOUT_SECONDS", "0")]
    public void A_wrong_value_stops_the_start_by_its_name(string name, string value) =>
        Refused(new Dictionary<string, string>(Valid) { [name] = value }).ShouldContain(problem => problem.Contains(name));

    [Fact]
    public void What_is_right_is_accepted()
    {
        using var app = ModularHost.Build(Arguments(new Dictionary<string, string>(Valid)
        {
            ["ALLOWED_ORIGINS"] = "https://app.example.com, http://localhost:5173",
            ["TRUSTED_PROXIES"] = "10.0.0.0/8,127.0.0.1 , ::1, fd00::/8",
            ["STORAGE_PATH"] = "/nowhere",
        }));
        app.ShouldNotBeNull();
    }

    [Fact]
    public async Task All_mistakes_are_told_at_once_and_the_start_ends_with_78()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var host = await HostProcess.LaunchAsync(deployment, new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["DATABASE_URL"] = "",
            ["LOG_LEVEL"] = "loud",
            ["SHUTDOWN_DELAY_SECONDS"] = "soon",
            ["ALLOWED_ORIGINS"] = "*",
            ["STORAGE_PROVIDER"] = "s3",
            ["S3_SECRET_KEY_FILE"] = "/no/such/file",
        });
        (await host.WaitForExitAsync()).ShouldBe(78);
        string[] expected = ["LOG_LEVEL", "SHUTDOWN_DELAY_SECONDS", "ALLOWED_ORIGINS", "DATABASE_URL", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_SECRET_KEY_FILE", "ADMIN_API_KEY"];
        foreach (var name in expected)
            host.Output.ShouldContain(line => line.StartsWith(name + " ", StringComparison.Ordinal));
        host.Output.Count.ShouldBe(expected.Length, string.Join('\n', host.Output));
    }

    [Fact]
    public async Task Secrets_may_come_from_files()
    {
        await using var deployment = await Deployment.CreateAsync();
        var (database, key) = (Path.Combine(deployment.Folder, "database"), Path.Combine(deployment.Folder, "key"));
        await File.WriteAllTextAsync(database, deployment.ConnectionString + "\n", CancellationToken);
        await File.WriteAllTextAsync(key, EdgeClient.AdminKey + "\n", CancellationToken);
        await using var host = await HostProcess.StartAsync(deployment, new Dictionary<string, string> { ["DATABASE_URL"] = "", ["DATABASE_URL_FILE"] = database, ["ADMIN_API_KEY_FILE"] = key });
        using var answer = await host.SendAsync(HttpMethod.Get, "jobs", null, ("Authorization", $"Bearer {EdgeClient.AdminKey}"));
        await answer.ReadJsonAsync();
    }

    [Fact]
    public async Task The_health_check_finds_the_port_in_the_file_that_names_it()
    {
        await using var host = await HostProcess.StartAsync();
        await using var elsewhere = await Deployment.CreateAsync();
        var file = Path.Combine(elsewhere.Folder, "port");
        await File.WriteAllTextAsync(file, $"{host.Port}\n", CancellationToken);
        await Eventually.PassesAsync(
            async () =>
            {
                await using var found = await HostProcess.LaunchAsync(elsewhere, new Dictionary<string, string> { ["PORT_FILE"] = file }, "--PORT=", "--healthcheck");
                (await found.WaitForExitAsync()).ShouldBe(0, string.Join('\n', found.Output));
            },
            TimeSpan.FromSeconds(60));
        await using var nobody = await HostProcess.LaunchAsync(elsewhere, settings: null, "--healthcheck");
        (await nobody.WaitForExitAsync()).ShouldBe(1);
    }

    [Fact]
    public void A_secret_and_its_file_are_one_too_many() =>
        Refused(new Dictionary<string, string>(Valid) { ["ADMIN_API_KEY_FILE"] = "/etc/hostname" }).ShouldHaveSingleItem().ShouldContain("keep one");

    [Fact]
    public async Task The_configuration_can_be_checked_without_a_start()
    {
        await using var deployment = await Deployment.CreateAsync();
        var absent = new Dictionary<string, string> { ["DATABASE_URL"] = $"postgres://nobody@127.0.0.1:{Loopback.FreePort()}/none" };
        await using var valid = await HostProcess.LaunchAsync(deployment, absent, "--check-config");
        await using var wrong = await HostProcess.LaunchAsync(deployment, new Dictionary<string, string> { ["DB_MAX_CONNECTIONS"] = "all" }, "--check-config");
        await using var invariant = await HostProcess.LaunchAsync(deployment, new Dictionary<string, string> { ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1" }, "--check-config");
        await using var behind = await HostProcess.LaunchAsync(deployment, absent, "--check-config", "--DB_MAX_CONNECTIONS=all");

        (await valid.WaitForExitAsync()).ShouldBe(0);
        valid.Output.ShouldBe(["The configuration is valid."]);
        (await wrong.WaitForExitAsync()).ShouldBe(78);
        wrong.Output.ShouldHaveSingleItem().ShouldStartWith("DB_MAX_CONNECTIONS is \"all\"");
        (await behind.WaitForExitAsync()).ShouldBe(78, "a setting behind the command is read");
        (await invariant.WaitForExitAsync()).ShouldBe(78);
        invariant.Output.ShouldHaveSingleItem().ShouldContain("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT");
    }

    private static IReadOnlyList<string> Refused(Dictionary<string, string> settings) =>
        Should.Throw<SettingsException>(() => ModularHost.Build(Arguments(settings))).Problems;

    private static string[] Arguments(Dictionary<string, string> settings) => [.. settings.Select(setting => $"--{setting.Key}={setting.Value}")];
}
