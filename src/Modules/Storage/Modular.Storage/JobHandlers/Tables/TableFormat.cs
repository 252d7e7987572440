using Modular.Jobs.Contracts;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>The formats by their names in payloads.</summary>
internal static class TableFormat
{
    public const string Csv = "csv";
    public const string Jsonl = "jsonl";
    public const string Parquet = "parquet";

    public static bool IsKnown(string? name) => name is Csv or Jsonl or Parquet;

    public static string ContentType(string name) => name switch
    {
        Csv => "text/csv; charset=utf-8",
        Jsonl => "application/jsonl",
        _ => "application/vnd.apache.parquet",
    };

    /// <summary>The format that an object's key or else its content type speaks of, or null.</summary>
    public static string? Of(ArtifactRef source) => Path.GetExtension(source.Key).ToLowerInvariant() switch
    {
        ".csv" => Csv,
        ".jsonl" or ".ndjson" => Jsonl,
        ".parquet" => Parquet,
        _ => source.ContentType.Split(';')[0].Trim().ToLowerInvariant() switch
        {
            "text/csv" => Csv,
            "application/jsonl" or "application/x-ndjson" or "application/x-jsonlines" => Jsonl,
            "application/vnd.apache.parquet" => Parquet,
            _ => null,
        },
    };
}
