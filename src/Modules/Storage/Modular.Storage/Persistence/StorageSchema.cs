using Marten;
using Modular.Storage.Domain;

namespace Modular.Storage.Persistence;

/// <summary>The module's documents. The SQL files carry the DDL that this makes; a test compares the two.</summary>
internal sealed class StorageSchema : IConfigureMarten
{
    public const string Name = "storage";

    public const string Objects = "storage.mt_doc_object";

    public const string Uploads = "storage.mt_doc_upload";

    public void Configure(IServiceProvider services, StoreOptions options)
    {
        options.Schema.For<StoredObject>()
            .DatabaseSchemaName(Name)
            .DocumentAlias("object")
            .Identity(stored => stored.Key)
            .Duplicate(stored => stored.BlobId, pgType: "uuid", notNull: true, configure: index => index.Name = "object_blob_id")
            .Duplicate(stored => stored.ExpiresAt, pgType: "timestamp with time zone", configure: index =>
            {
                index.Name = "object_expires_at";
                index.Predicate = "expires_at IS NOT NULL";
            })
            .Duplicate(stored => stored.JobId, pgType: "uuid", configure: index =>
            {
                index.Name = "object_job_id";
                index.Predicate = "job_id IS NOT NULL";
            })
            // Lists walk keys in the order of their bytes; the primary key's index has the database's own collation, which may be anything.
            .Index(stored => stored.Key, index =>
            {
                index.Name = "object_key_ordinal";
                index.Collation = "C";
            });
        options.Schema.For<Upload>()
            .DatabaseSchemaName(Name)
            .DocumentAlias("upload")
            .Identity(upload => upload.Id)
            .Duplicate(upload => upload.BlobId, pgType: "uuid", configure: index =>
            {
                index.Name = "upload_blob_id";
                index.Predicate = "blob_id IS NOT NULL";
            })
            .Duplicate(upload => upload.ExpiresAt, pgType: "timestamp with time zone", notNull: true, configure: index => index.Name = "upload_expires_at");
    }
}
