namespace Modular.Storage.JobHandlers.Tables;

/// <summary>
/// Some rows, column by column. The arrays belong to the reader, which fills them again for the next batch: use a batch before asking for another.
/// </summary>
/// <param name="Columns">In the order of the schema.</param>
/// <param name="Start">Index of the first row in the columns' arrays.</param>
/// <param name="Rows">How many rows.</param>
internal sealed record TableBatch(IReadOnlyList<Column> Columns, int Start, int Rows)
{
    /// <summary>Also the size of the row groups that are written: small enough for flat memory, large enough to compress and scan well.</summary>
    public const int MaxRows = 50_000;

    /// <summary>Wide tables get fewer rows in a batch.</summary>
    public const int MaxCells = 1_000_000;

    /// <summary>Characters of text after which a batch is full.</summary>
    public const long MaxText = 16 << 20;

    public static int RowsFor(int columns) => Math.Clamp(MaxCells / columns, 1, MaxRows);
}

/// <summary>The values of one column.</summary>
internal abstract class Column(ColumnType type)
{
    public ColumnType Type { get; } = type;

    public static Column Create(ColumnType type, int capacity) => type switch
    {
        ColumnType.Boolean => new Column<bool>(type, capacity),
        ColumnType.Integer => new Column<long>(type, capacity),
        ColumnType.Number => new Column<double>(type, capacity),
        ColumnType.Decimal => new Column<decimal>(type, capacity),
        ColumnType.Date => new Column<DateOnly>(type, capacity),
        ColumnType.DateTime or ColumnType.Timestamp => new Column<DateTime>(type, capacity),
        _ => new Column<ReadOnlyMemory<char>>(type, capacity),
    };

    /// <summary>Reads text into a row; an empty text is an empty string in a column of strings and a null elsewhere.</summary>
    /// <returns>False when the text is no value of this column's type.</returns>
    public bool TryParse(int row, string? text)
    {
        switch (this)
        {
            case Column<ReadOnlyMemory<char>> strings:
                strings.Values[row] = text?.AsMemory();
                return true;
            case Column<long> integers:
                return integers.TrySet(row, text, CellText.TryInteger);
            case Column<double> numbers:
                return numbers.TrySet(row, text, CellText.TryNumber);
            case Column<bool> booleans:
                return booleans.TrySet(row, text, CellText.TryBoolean);
            case Column<DateOnly> dates:
                return dates.TrySet(row, text, CellText.TryDate);
            case Column<DateTime> times:
                return times.TrySet(row, text, Type == ColumnType.Timestamp ? CellText.TryTimestamp : CellText.TryDateTime);
            default:
                throw new InvalidOperationException($"Text has no {Type} values.");
        }
    }
}

internal delegate bool TryParseCell<T>(ReadOnlySpan<char> text, out T value);

internal sealed class Column<T>(ColumnType type, int capacity) : Column(type)
    where T : struct
{
    public T?[] Values { get; } = new T?[capacity];

    public bool TrySet(int row, string? text, TryParseCell<T> parse)
    {
        if (string.IsNullOrEmpty(text))
        {
            Values[row] = null;
            return true;
        }

        var parsed = parse(text, out var value);
        Values[row] = value;
        return parsed;
    }
}
