namespace Modular.IntegrationTests.Infrastructure;

/// <summary>A Docker engine that answers, and containers that end with the tests.</summary>
internal static class DockerEngine
{
    public static async Task<bool> AnswersAsync()
    {
        if (Command.Find("docker") is not { } docker)
            return false;
        var (code, _) = await Command.TryRunAsync(docker, ["version", "--format", "{{.Server.Version}}"], TimeSpan.FromSeconds(15));
        return code == 0;
    }

    /// <summary>Runs an image with one of its ports on a loopback port; the first run pulls it.</summary>
    public static async Task<Leash> RunAsync(
        string image, int port, int containerPort, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var docker = Command.Find("docker")!;
        var (missing, _) = await Command.TryRunAsync(docker, ["image", "inspect", image]);
        if (missing != 0)
            await Command.RunAsync(docker, ["pull", "--quiet", image], TimeSpan.FromMinutes(5));
        var name = $"modular-tests-{Guid.NewGuid():N}";
        return await Leash.StartAsync(
            docker,
            ["run", "--rm", "--name", name, "--publish", $"127.0.0.1:{port}:{containerPort}",
                .. environment.SelectMany(pair => new[] { "--env", $"{pair.Key}={pair.Value}" }), image, .. arguments],
            cleanup: $"{docker} rm --force --volumes {name} >/dev/null 2>&1");
    }
}
