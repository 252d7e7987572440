using Marten;
using Npgsql;

namespace Modular.ArchitectureTests.Fixtures.Bad.Persistence;

/// <summary>Breaks: nothing blocks on the database, and what waits can be cancelled.</summary>
internal static class BlockingReads
{
    public static object? Scalar(NpgsqlCommand command) => command.ExecuteScalar();

    public static IReadOnlyList<string> Names(IQuerySession session) => session.Query<string>().Where(name => name.Length > 0).ToList();

    public static Task CannotStopAsync(NpgsqlCommand command) => command.ExecuteNonQueryAsync(CancellationToken.None);

    public static Task NamesItOddlyAsync(NpgsqlCommand command, CancellationToken ct) => command.ExecuteNonQueryAsync(ct);
}
