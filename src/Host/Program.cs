using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Persistence;
using Modular.Host;

string[] commands = ["--healthcheck", "--check-config", "--migrate"];
var command = args.FirstOrDefault(commands.Contains);
// Apart from the command: .NET would take the setting behind a bare flag for that flag's value.
string[] settings = [.. args.Where(arg => !commands.Contains(arg))];
try
{
    if (command == "--healthcheck")
    {
        return await HealthCheck.RunAsync(settings);
    }

    await using var app = ModularHost.Build(settings);
    switch (command)
    {
        case "--check-config":
            Console.WriteLine("The configuration is valid.");
            return 0;
        case "--migrate":
            return await Run.MigrateAsync(app);
        default:
            return await Run.UntilStoppedAsync(app);
    }
}
catch (Exception problem) when (problem is SettingsException or SchemaException)
{
    await Console.Error.WriteLineAsync(problem.Message);
    return SettingsException.ExitCode;
}
