using Microsoft.Extensions.Time.Testing;
using Modular.Host;
using Modular.IntegrationTests.Edge;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Storage;

/// <summary>A start on a store that is wrong ends with 78 and one plain line; on one that is merely away with 1, which a restart may mend.</summary>
public sealed class StoreStartTests
{
    [Fact]
    public async Task Another_deployments_store_is_a_wrong_setting()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using (var first = await ModularApp.StartAsync(deployment))
            await first.PutObjectAsync("a", [1]);

        await ShouldBeRefusedAsync(deployment, "STORAGE_PATH", Path.Combine(deployment.Folder, "other"), "STORAGE_PATH: this filesystem store holds no objects, but the database knows some");
    }

    [Fact]
    public async Task Wrong_keys_are_a_wrong_setting()
    {
        await using var deployment = await Deployment.CreateAsync(store: StoreKind.S3);

        await ShouldBeRefusedAsync(deployment, "S3_SECRET_KEY", "wrong-key-wrong-key-wrong", "S3_ACCESS_KEY, S3_SECRET_KEY, S3_BUCKET: The S3 server failed");
    }

    [Fact]
    public async Task A_store_that_does_not_answer_for_minutes_ends_the_start_with_1()
    {
        var time = new FakeTimeProvider();
        await using var deployment = await Deployment.CreateAsync(store: StoreKind.S3);
        var settings = new Dictionary<string, string>(deployment.Settings)
        {
            ["S3_ENDPOINT"] = $"http://127.0.0.1:{Loopback.FreePort()}", ["environment"] = "Development", ["LOG_LEVEL"] = "error",
        };
        await using var app = ModularHost.Build([.. settings.Select(setting => $"--{setting.Key}={setting.Value}")], [.. Modules.All, new ClockModule(time)]);
        var start = Run.UntilStoppedAsync(app);
        await Eventually.EndsAsync(start, time, "the start gives up");

        (await start).ShouldBe(1);
    }

    private static async Task ShouldBeRefusedAsync(Deployment deployment, string setting, string value, string reason)
    {
        await using var host = await HostProcess.LaunchAsync(deployment, new Dictionary<string, string> { [setting] = value });

        (await host.WaitForExitAsync()).ShouldBe(78, string.Join('\n', host.Output));
        host.Output.ShouldHaveSingleItem().ShouldStartWith(reason);
    }
}
