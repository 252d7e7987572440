using Marten;

namespace Modular.ArchitectureTests.Fixtures.Bad.Persistence;

/// <summary>Breaks: nobody names another module's schema: as a constant, in an interpolation, as a document's schema.</summary>
internal static class ForeignTables
{
    private const string Schema = "ops";

    public static string Sql(string columns) => $"SELECT {columns} FROM \"jobs\".queue JOIN {Schema}.key USING (id)";

    public static void Configure(StoreOptions options) => options.Schema.For<Domain.StoredThing>().DatabaseSchemaName("health");
}
