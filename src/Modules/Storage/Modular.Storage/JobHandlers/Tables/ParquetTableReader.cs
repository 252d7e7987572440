using System.Globalization;
using System.Runtime.CompilerServices;
using Modular.Jobs.Contracts;
using Parquet;
using Parquet.Schema;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>Flat Parquet of any writer. A row group is read as a whole, as the format wants it, so its size is bounded.</summary>
internal sealed class ParquetTableReader : ITableReader
{
    private const long MaxGroupCells = 16 << 20;
    private const long MaxGroupBytes = 256L << 20;
    private const int MaxFooterBytes = 64 << 20;
    private const int MaxDecimalDigits = 28;

    private static readonly ParquetOptions Options = new() { UseDateOnlyTypeForDates = true };

    private readonly ParquetReader _parquet;
    private readonly DataField[] _fields;
    private readonly Action<double> _progress;

    private ParquetTableReader(ParquetReader parquet, Action<double> progress)
    {
        _parquet = parquet;
        _progress = progress;
        if (parquet.Schema.Fields.FirstOrDefault(field => field is not DataField { IsArray: false }) is { } nested)
        {
            throw TableFault.Invalid($"Column '{nested.Name}' is nested ({nested.SchemaType}); only flat tables are converted.");
        }

        _fields = parquet.Schema.GetDataFields();
        Schema = new TableSchema([.. _fields.Select(ColumnOf)]);
    }

    public TableSchema Schema { get; }

    /// <param name="file">The whole file; the reader owns it.</param>
    /// <param name="progress">Gets the share of rows read, 0 to 1.</param>
    /// <param name="cancellationToken">Ends the reading of the footer.</param>
    public static async Task<ParquetTableReader> OpenAsync(FileStream file, Action<double> progress, CancellationToken cancellationToken)
    {
        try
        {
            await CheckEndsAsync(file, cancellationToken);
            var parquet = await GuardAsync(
                () => ParquetReader.CreateAsync(file, Options, leaveStreamOpen: false, cancellationToken), "The file is not readable Parquet");
            return new ParquetTableReader(parquet, progress);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    public async IAsyncEnumerable<TableBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var total = Math.Max(1, _parquet.RowGroups.Sum(group => (double)group.RowCount));
        var (done, columns, capacity) = (0L, Array.Empty<Column>(), -1);
        for (var i = 0; i < _parquet.RowGroupCount; i++)
        {
            using var group = _parquet.OpenRowGroupReader(i);
            var rows = CheckSize(group, i);
            if (rows > capacity)
            {
                columns = [.. Schema.Columns.Select(column => Column.Create(column.Type, rows))];
                capacity = rows;
            }

            for (var c = 0; c < columns.Length; c++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (field, column) = (_fields[c], columns[c]);
                await GuardAsync(
                    async () =>
                    {
                        await ParquetColumns.ReadAsync(group, field, column, rows, cancellationToken);
                        return true;
                    },
                    $"Row group {i + 1} of column '{field.Name}' is not readable");
            }

            foreach (var batch in Slice(columns, rows))
            {
                yield return batch;
                done += batch.Rows;
                _progress(done / total);
            }
        }
    }

    public ValueTask DisposeAsync() => _parquet.DisposeAsync();

    private static TableColumn ColumnOf(DataField field) => field switch
    {
        DecimalDataField number when number.Scale <= MaxDecimalDigits => new(field.Name, ColumnType.Decimal, number.Precision, number.Scale),
        _ when field.ClrType == typeof(ulong) => new(field.Name, ColumnType.Decimal, Precision: 20),
        _ => new(field.Name, ParquetColumns.TypeOf(field)
            ?? throw TableFault.Invalid($"Column '{field.Name}' is of a type that is not converted ({field.ClrType.Name}).")),
    };

    private static async Task CheckEndsAsync(FileStream file, CancellationToken cancellationToken)
    {
        var tail = new byte[8];
        if (file.Length >= 12)
        {
            file.Position = file.Length - tail.Length;
            await file.ReadExactlyAsync(tail, cancellationToken);
            file.Position = 0;
        }

        if (!tail.AsSpan(4).SequenceEqual("PAR1"u8))
        {
            throw TableFault.Invalid("The file is not Parquet: it does not end in the letters PAR1.");
        }

        if (BitConverter.ToInt32(tail) is < 0 or > MaxFooterBytes)
        {
            throw TableFault.Invalid($"The file is not readable Parquet: its footer would be larger than {MaxFooterBytes >> 20} MiB.");
        }
    }

    private int CheckSize(ParquetRowGroupReader group, int index)
    {
        if (group.RowCount < 0)
        {
            throw TableFault.Invalid($"Row group {index + 1} says that it has {group.RowCount} rows.");
        }

        if (group.RowCount > MaxGroupCells / _fields.Length || group.RowGroup.TotalByteSize > MaxGroupBytes)
        {
            throw TableFault.TooLarge(string.Create(
                CultureInfo.InvariantCulture,
                $"Row group {index + 1} has {group.RowCount:N0} rows of {_fields.Length} columns; a row group has at most {MaxGroupCells:N0} values and {MaxGroupBytes >> 20} MiB. Write the file with smaller row groups."));
        }

        return (int)group.RowCount;
    }

    /// <summary>A dictionary gives many rows the same long text, so what counts is the text that the batch will be written as.</summary>
    private static IEnumerable<TableBatch> Slice(Column[] columns, int rows)
    {
        var most = TableBatch.RowsFor(columns.Length);
        var strings = columns.OfType<Column<ReadOnlyMemory<char>>>().ToArray();
        var (start, text) = (0, 0L);
        for (var row = 0; row < rows; row++)
        {
            foreach (var column in strings)
            {
                text += column.Values[row]?.Length ?? 0;
            }

            if (row + 1 - start == most || text >= TableBatch.MaxText || row + 1 == rows)
            {
                yield return new TableBatch(columns, start, row + 1 - start);
                (start, text) = (row + 1, 0L);
            }
        }
    }

    // The library meets broken bytes with exceptions of any type, its own and the runtime's.
    private static async Task<T> GuardAsync<T>(Func<Task<T>> read, string complaint)
    {
        try
        {
            return await read();
        }
        catch (Exception problem) when (problem is not (OperationCanceledException or OutOfMemoryException or JobFailedException))
        {
            throw TableFault.Invalid($"{complaint}: {problem.Message}", problem);
        }
    }
}
