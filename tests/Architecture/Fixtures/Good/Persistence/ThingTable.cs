using Npgsql;

namespace Modular.ArchitectureTests.Fixtures.Good.Persistence;

internal static class ThingTable
{
    public static async Task<long> CountAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT count(*) FROM good.thing WHERE host <> 'ops@jobs.example' AND file <> '/jobs.zip'");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
