using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.IntegrationTests.Chaos;

/// <summary>What the cells of the chaos share.</summary>
internal static class Cell
{
    /// <summary>Leases of two seconds in <c>make test</c>, the default in <c>make chaos</c>.</summary>
    public static Dictionary<string, string> Settings => TestSize.Of(
        new Dictionary<string, string> { ["JOB_LEASE_SECONDS"] = "2", ["LOG_LEVEL"] = "error" },
        new Dictionary<string, string> { ["LOG_LEVEL"] = "error" });

    public static async Task<int> NewestReplicaAsync(NpgsqlConnection connection) =>
        (int)await NumberAsync(connection, "SELECT max(id)::bigint FROM jobs.replica");

    /// <summary>Waits until the replica holds jobs, and gives them back.</summary>
    public static Task<IReadOnlyList<(Guid Job, long Lease)>> HoldsSomethingAsync(NpgsqlConnection connection, int replica) =>
        Eventually.ReadAsync(() => Storm.HeldByAsync(connection, replica), held => held.Count > 0, "it holds jobs");

    public static async Task<long> NumberAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
