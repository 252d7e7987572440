using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Security;
using Npgsql;

namespace Modular.Ops.Persistence;

/// <summary>The deployment's one random secret: made by the first replica that starts, read by all.</summary>
internal sealed class SecretKeys(NpgsqlDataSource database) : ISecretKeys, IHostedLifecycleService
{
    private const int Bytes = 32;

    private byte[]? _secret;

    public byte[] Derive(string purpose) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256,
        _secret ?? throw new InvalidOperationException("The secret is read while the Host starts; ask for keys after that."),
        Bytes,
        info: Encoding.UTF8.GetBytes(purpose));

    /// <summary>Runs after the migration (registered before all modules) and before anything listens.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var make = new NpgsqlCommand("INSERT INTO ops.secret (value) VALUES ($1) ON CONFLICT DO NOTHING", connection);
        make.Parameters.Add(new NpgsqlParameter { Value = RandomNumberGenerator.GetBytes(Bytes) });
        await make.ExecuteNonQueryAsync(cancellationToken);

        // Read back in a statement of its own: of replicas that start at once, one wrote it, and all see the same.
        await using var read = new NpgsqlCommand("SELECT value FROM ops.secret", connection);
        _secret = (byte[])(await read.ExecuteScalarAsync(cancellationToken))!;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
