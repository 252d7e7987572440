using Parquet;
using Parquet.Schema;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>Parquet with Snappy, a row group for each batch; every column may hold nulls.</summary>
internal sealed class ParquetTableWriter : ITableWriter
{
    private static readonly ParquetOptions Options = new()
    {
        CompressionMethod = CompressionMethod.Snappy,

        // A column whose first values differ gets no dictionary; else every column is hashed twice for nothing.
        DictionaryEncodingSampleSize = 1_000,
    };

    private readonly ParquetWriter _parquet;
    private readonly DataField[] _fields;

    private ParquetTableWriter(ParquetWriter parquet, DataField[] fields) => (_parquet, _fields) = (parquet, fields);

    public static async Task<ParquetTableWriter> CreateAsync(Stream output, TableSchema schema, CancellationToken cancellationToken)
    {
        var fields = schema.Columns.Select(Field).ToArray();
        return new ParquetTableWriter(await ParquetWriter.CreateAsync(new ParquetSchema(fields), output, Options, cancellationToken: cancellationToken), fields);
    }

    public async Task WriteAsync(TableBatch batch, CancellationToken cancellationToken)
    {
        using var group = _parquet.CreateRowGroup();
        for (var i = 0; i < _fields.Length; i++)
        {
            await (batch.Columns[i] switch
            {
                Column<ReadOnlyMemory<char>> strings => WriteAsync(strings, _fields[i]),
                Column<long> integers => WriteAsync(integers, _fields[i]),
                Column<double> numbers => WriteAsync(numbers, _fields[i]),
                Column<bool> booleans => WriteAsync(booleans, _fields[i]),
                Column<decimal> decimals => WriteAsync(decimals, _fields[i]),
                Column<DateOnly> dates => WriteAsync(dates, _fields[i]),
                Column<DateTime> times => WriteAsync(times, _fields[i]),
                var other => throw new InvalidOperationException($"Parquet has no {other.Type} values."),
            });
        }

        Task WriteAsync<T>(Column<T> column, DataField field)
            where T : struct =>
            group.WriteAsync<T>(field, column.Values.AsMemory(batch.Start, batch.Rows), cancellationToken: cancellationToken);
    }

    /// <summary>The file's footer is written when this is disposed.</summary>
    public Task CompleteAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _parquet.DisposeAsync();

    private static DataField Field(TableColumn column) => column.Type switch
    {
        ColumnType.Boolean => new DataField<bool>(column.Name, nullable: true),
        ColumnType.Integer => new DataField<long>(column.Name, nullable: true),
        ColumnType.Number => new DataField<double>(column.Name, nullable: true),
        ColumnType.Decimal => new DecimalDataField(column.Name, column.Precision, column.Scale, isNullable: true),
        ColumnType.Date => new DataField<DateOnly>(column.Name, nullable: true),
        ColumnType.DateTime => Time(column.Name, isUtc: false),
        ColumnType.Timestamp => Time(column.Name, isUtc: true),
        _ => new DataField<string>(column.Name, nullable: true),
    };

    private static DateTimeDataField Time(string name, bool isUtc) =>
        new(name, Parquet.Schema.DateTimeFormat.Timestamp, isUtc, DateTimeTimeUnit.Micros, isNullable: true);
}
