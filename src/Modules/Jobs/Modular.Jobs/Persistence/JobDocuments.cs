using Marten;
using Modular.Jobs.Domain;
using Weasel.Postgresql.Tables;

namespace Modular.Jobs.Persistence;

/// <summary>The Jobs documents in Marten: the same DDL stands in <c>Migrations/</c>, and a test compares the two.</summary>
internal static class JobDocuments
{
    public const string Schema = "jobs";

    public static void Configure(StoreOptions options)
    {
        // A column of its own for what SQL joins, filters and orders by; DuplicateField makes no index, the ones needed follow.
        options.Policies.ForAllDocuments(mapping =>
        {
            if (mapping.DocumentType == typeof(Submission))
            {
                mapping.DuplicateField(nameof(Submission.Seq), "bigint", notNull: true);
                mapping.DuplicateField(nameof(Submission.Type), "text", notNull: true);
                mapping.DuplicateField(nameof(Submission.Queue), "text", notNull: true);
                mapping.DuplicateField(nameof(Submission.CreatedAt), "timestamptz", notNull: true);
            }
            else if (mapping.DocumentType == typeof(Outcome))
            {
                mapping.DuplicateField(nameof(Outcome.Seq), "bigint", notNull: true);
                mapping.DuplicateField(nameof(Outcome.State), "smallint", notNull: true);
                mapping.DuplicateField(nameof(Outcome.FinishedAt), "timestamptz", notNull: true);
            }
        });

        // Lists read newest first by seq, over all jobs, one type or one queue. Times follow seq, so a BRIN index of a few pages serves them.
        options.Schema.For<Submission>().DatabaseSchemaName(Schema).DocumentAlias("submission")
            .Index(job => job.Seq, index => Name(index, "submission_seq").IsUnique = true)
            .Index(job => new { job.Type, job.Seq }, index => Name(index, "submission_type_seq"))
            .Index(job => new { job.Queue, job.Seq }, index => Name(index, "submission_queue_seq"))
            .Index(job => job.CreatedAt, index => Name(index, "submission_created_at").Method = IndexMethod.brin)
            .Index(job => job.Tags, index => Name(index, "submission_tags").ToGinWithJsonbPathOps());
        options.Schema.For<Outcome>().DatabaseSchemaName(Schema).DocumentAlias("outcome")
            .Index(job => new { job.State, job.Seq }, index => Name(index, "outcome_state_seq"))
            .Index(job => job.FinishedAt, index => Name(index, "outcome_finished_at").Method = IndexMethod.brin);
    }

    private static IndexDefinition Name(IndexDefinition index, string name)
    {
        index.Name = name;
        return index;
    }
}
