namespace Modular.Storage.JobHandlers.Tables;

/// <summary>What a column holds; every column may also hold nulls.</summary>
internal enum ColumnType
{
    String,
    Boolean,

    /// <summary>64 bits with a sign.</summary>
    Integer,

    /// <summary>A 64-bit float.</summary>
    Number,

    /// <summary>Only from Parquet, where it is declared: up to 28 digits with a fixed scale.</summary>
    Decimal,

    Date,

    /// <summary>A date and a time of day without a zone, to the microsecond.</summary>
    DateTime,

    /// <summary>An instant, to the microsecond, in UTC.</summary>
    Timestamp,
}
