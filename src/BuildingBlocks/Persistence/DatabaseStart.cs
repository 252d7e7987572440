using Microsoft.Extensions.Hosting;

namespace Modular.BuildingBlocks.Persistence;

/// <summary>Before anything else starts: waits for the database, then migrates or verifies.</summary>
internal sealed class DatabaseStart(DatabaseWait wait, Migrations migrations, DatabaseOptions options) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await wait.UntilItAnswersAsync(cancellationToken);
        if (options.AutoMigrate)
        {
            await migrations.ApplyAsync(cancellationToken);
        }
        else
        {
            await migrations.VerifyAsync(cancellationToken);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
