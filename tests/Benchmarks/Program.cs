using Modular.Benchmarks;
using Modular.IntegrationTests.Infrastructure;

if (BenchOptions.TryParse(args, out var options, out var problem) is false)
{
    Console.Error.WriteLine(problem);
    Console.Error.WriteLine(BenchOptions.Usage);
    return 2;
}

try
{
    await using var bench = await Bench.StartAsync(options);
    var failed = 0;
    foreach (var scenario in Scenario.All.Where(scenario => options.Wants(scenario)))
    {
        Console.WriteLine($"\n== {scenario.Name}: {scenario.Title}");
        try
        {
            await scenario.RunAsync(bench);
        }
        catch (Exception exception)
        {
            // The other numbers of a long run are worth having.
            failed++;
            Console.Error.WriteLine(exception);
        }
    }

    await bench.Report.WriteAsync(options.JsonFile);
    return failed == 0 ? 0 : 1;
}
finally
{
    await Scratch.RemoveAsync();
}
