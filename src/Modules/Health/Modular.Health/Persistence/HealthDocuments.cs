using Marten;
using Modular.Health.Domain;

namespace Modular.Health.Persistence;

/// <summary>The module's documents. Their DDL is in <c>Migrations</c>; a change here needs a new file there.</summary>
internal static class HealthDocuments
{
    public static void Configure(StoreOptions options) =>
        options.Schema.For<HealthTransition>().DatabaseSchemaName("health").DocumentAlias("transition");
}
