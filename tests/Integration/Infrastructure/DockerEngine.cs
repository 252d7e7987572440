namespace Modular.IntegrationTests.Infrastructure;

/// <summary>A Docker engine, and containers that end with the tests.</summary>
internal static class DockerEngine
{
    /// <summary>Whether an engine answers and has the image, or can pull it.</summary>
    public static async Task<bool> OffersAsync(string image)
    {
        if (Command.Find("docker") is not { } docker)
            return false;
        var (silent, _) = await Command.TryRunAsync(docker, ["version", "--format", "{{.Server.Version}}"], TimeSpan.FromSeconds(15));
        if (silent != 0)
            return false;
        var (missing, _) = await Command.TryRunAsync(docker, ["image", "inspect", image]);
        if (missing == 0)
            return true;
        var (unreachable, _) = await Command.TryRunAsync(docker, ["pull", "--quiet", image], TimeSpan.FromMinutes(5));
        return unreachable == 0;
    }

    /// <summary>Runs an image with one of its ports on a loopback port.</summary>
    public static async Task<Leash> RunAsync(
        string image, int port, int containerPort, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var docker = Command.Find("docker")!;
        var name = $"modular-tests-{Guid.NewGuid():N}";
        return await Leash.StartAsync(
            docker,
            ["run", "--rm", "--name", name, "--publish", $"127.0.0.1:{port}:{containerPort}",
                .. environment.SelectMany(pair => new[] { "--env", $"{pair.Key}={pair.Value}" }), image, .. arguments],
            cleanup: $"{docker} rm --force --volumes {name} >/dev/null 2>&1");
    }
}
