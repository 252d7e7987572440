using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Configuration;
using Modular.Storage.Blobs;
using Modular.Storage.Persistence;

namespace Modular.Storage.Objects;

/// <summary>
/// Before the service listens: waits for a store that comes up late, makes its folder or bucket, and compares its id with the one in the database.
/// A database and a store belong together: with another store mounted, every download would fail and the sweeper would take the other's bytes for orphans.
/// </summary>
internal sealed partial class StoreStart(IBlobStore blobs, StoreIdentity identities, TimeProvider time, ILogger<StoreStart> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        var known = await identities.FindAsync(cancellationToken);
        var found = await blobs.ReadIdentityAsync(cancellationToken);
        if (known is { } expected && found is null && await identities.HasBlobsAsync(cancellationToken))
        {
            throw Refused($"holds no objects, but the database knows some; its store is {expected}. Mount that store, or restore it from its backup");
        }

        if (known is null && found is { } foreign)
        {
            throw Refused($"belongs to another database (store {foreign}). Use an empty one, or remove its store-id when that database is gone for good");
        }

        if (found is null)
        {
            // Replicas that start together agree through the database; then each writes the same id.
            known = await identities.KeepAsync(known ?? Guid.CreateVersion7(), cancellationToken);
            await blobs.WriteIdentityAsync(known.Value, cancellationToken);
        }
        else if (known != found)
        {
            throw Refused($"is store {found}, but the database's store is {known}. Mount that one");
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                await blobs.PrepareAsync(cancellationToken);
                return;
            }
            catch (BlobStoreException problem) when (problem.MayPass && time.GetElapsedTime(started) < Patience)
            {
                Waiting(logger, problem.Message, (int)time.GetElapsedTime(started).TotalSeconds);
                await Task.Delay(Pause, time, cancellationToken);
            }
            catch (BlobStoreException problem) when (!problem.MayPass)
            {
                // One that is merely away for long passes as it is: a restart may find it.
                throw new SettingsException([$"{(blobs.Provider == "s3" ? "S3_ACCESS_KEY, S3_SECRET_KEY, S3_BUCKET" : Setting)}: {problem.Message}"]);
            }
        }
    }

    private string Setting => blobs.Provider == "s3" ? "S3_ENDPOINT, S3_BUCKET" : "STORAGE_PATH";

    private SettingsException Refused(string problem) => new([$"{Setting}: this {blobs.Provider} store {problem}."]);

    [LoggerMessage(203, LogLevel.Warning, "The object store does not answer yet ({Reason}); waiting, {Seconds} s so far")]
    private static partial void Waiting(ILogger logger, string reason, int seconds);
}
