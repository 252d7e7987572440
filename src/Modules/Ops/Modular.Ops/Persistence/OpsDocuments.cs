using Marten;
using Modular.Ops.Domain;

namespace Modular.Ops.Persistence;

/// <summary>The module's documents. Their DDL is in <c>Migrations</c>; a change here needs a new file there.</summary>
internal static class OpsDocuments
{
    private const string Schema = "ops";

    public static void Configure(StoreOptions options)
    {
        options.Schema.For<ApiKey>().DatabaseSchemaName(Schema).DocumentAlias("api_key").UniqueIndex("api_key_hash", key => key.Hash);
        options.Schema.For<AuditEntry>().DatabaseSchemaName(Schema).DocumentAlias("audit_entry");
    }
}
