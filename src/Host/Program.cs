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
        await app.Services.GetRequiredService<Migrations>().ApplyAsync(CancellationToken.None);
        return 0;
    }

    await app.RunAsync();
    return 0;
}
catch (SettingsException problem)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return SettingsException.ExitCode;
}
catch (SchemaException problem)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return SettingsException.ExitCode;
}
