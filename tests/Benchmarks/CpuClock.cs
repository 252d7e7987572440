using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.Benchmarks;

/// <summary>
/// What the Host and PostgreSQL used of the processors so far. Unlike rates these numbers hardly change when something else runs on the machine.
/// </summary>
internal sealed class CpuClock
{
    private const double MillisecondsPerTick = 1000.0 / 100; // USER_HZ, 100 on every Linux that .NET runs on

    private readonly int _host;
    private readonly int _postmaster;
    private readonly double _hostStart;
    private readonly double _databaseStart;

    private CpuClock(int host, int postmaster)
    {
        _host = host;
        _postmaster = postmaster;
        (_hostStart, _databaseStart) = (Host, Database);
    }

    private double Host => Milliseconds(_host, withEnded: false);

    private double Database => Milliseconds(_postmaster, withEnded: true) + ProcessTree.Descendants(_postmaster).Sum(pid => Milliseconds(pid, withEnded: false));

    public static async Task<CpuClock> StartAsync(int host, NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int", connection);
        return new CpuClock(host, (int)(await command.ExecuteScalarAsync())!);
    }

    /// <summary>Used since the start, divided by <paramref name="count"/>.</summary>
    public string Per(long count, string unit) =>
        $"CPU per {unit}: Host {1000 * (Host - _hostStart) / count:0} µs, PostgreSQL {1000 * (Database - _databaseStart) / count:0} µs";

    private static double Milliseconds(int pid, bool withEnded)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            // Behind the name, which may hold anything, utime is the 12th field; the two after stime are those of children that ended.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields.Skip(11).Take(withEnded ? 4 : 2).Sum(double.Parse) * MillisecondsPerTick;
        }
        catch (IOException)
        {
            // A connection that closed meanwhile.
            return 0;
        }
    }
}
