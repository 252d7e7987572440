using Npgsql;

namespace Modular.ArchitectureTests.Fixtures.Good.Persistence;

internal sealed class ThingLease(NpgsqlCommand command)
{
    public int Renew() => command.ExecuteNonQuery();
}
