using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;

namespace Modular.Benchmarks;

/// <summary>Where the numbers come from: without it they mean nothing.</summary>
internal sealed record Machine(int Cores, double MemoryGiB, string Cpu, string System, string DotNet, string PostgreSql, string Date)
{
    public static async Task<Machine> ReadAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        return new Machine(
            Environment.ProcessorCount,
            Math.Round(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30), 1),
            CpuModel(),
            RuntimeInformation.OSDescription,
            Environment.Version.ToString(),
            connection.PostgreSqlVersion.ToString(),
            TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }

    private static string CpuModel() =>
        File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown"
            : RuntimeInformation.ProcessArchitecture.ToString();
}
