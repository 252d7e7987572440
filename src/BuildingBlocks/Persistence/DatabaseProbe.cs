using Modular.BuildingBlocks.Hosting;
using Npgsql;

namespace Modular.BuildingBlocks.Persistence;

internal sealed class DatabaseProbe(NpgsqlDataSource database) : IHealthProbe
{
    public string Name => "database";

    public bool IsCritical => true;

    public async Task<ProbeResult> CheckAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(cancellationToken);
        return new ProbeResult(HealthStatus.Healthy);
    }
}
