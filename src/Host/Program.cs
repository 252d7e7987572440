using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Persistence;
using Modular.Host;

try
{
    if (args.Contains("--healthcheck", StringComparer.Ordinal))
    {
        return await HealthCheck.RunAsync(args);
    }

    await using var app = ModularHost.Build(args);
    if (args.Contains("--check-config", StringComparer.Ordinal))
    {
        Console.WriteLine("The configuration is valid.");
        return 0;
    }

    if (args.Contains("--migrate", StringComparer.Ordinal))
    {
        return await Run.MigrateAsync(app);
    }

    return await Run.UntilStoppedAsync(app);
}
catch (Exception problem) when (problem is SettingsException or SchemaException)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return SettingsException.ExitCode;
}
