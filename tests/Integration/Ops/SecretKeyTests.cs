using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Security;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Ops;

public sealed class SecretKeyTests
{
    [Fact]
    public async Task Replicas_that_start_at_once_derive_the_same_keys_and_so_they_do_after_a_restart()
    {
        await using var deployment = await Deployment.CreateAsync();
        await using var other = await Deployment.CreateAsync();
        var replicas = await Task.WhenAll(ModularApp.StartAsync(deployment), ModularApp.StartAsync(deployment));
        await using var stranger = await ModularApp.StartAsync(other);
        await using var first = replicas[0];
        await using var second = replicas[1];

        var key = KeyOf(first, "a purpose");
        key.Length.ShouldBe(32);
        KeyOf(second, "a purpose").ShouldBe(key);
        KeyOf(first, "another purpose").ShouldNotBe(key);
        KeyOf(stranger, "a purpose").ShouldNotBe(key, "Another deployment has another secret.");

        await first.RestartAsync();
        KeyOf(first, "a purpose").ShouldBe(key);
    }

    private static byte[] KeyOf(ModularApp app, string purpose) => app.Services.GetRequiredService<ISecretKeys>().Derive(purpose);
}
