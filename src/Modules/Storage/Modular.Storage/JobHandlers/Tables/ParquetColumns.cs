using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>How the types of Parquet become those of a table.</summary>
internal static class ParquetColumns
{
    /// <summary>Null: the type has no counterpart.</summary>
    public static ColumnType? TypeOf(DataField field)
    {
        var type = field.ClrType;
        return field switch
        {
            DateTimeDataField { DateTimeFormat: DateTimeFormat.Date } => ColumnType.Date,
            DateTimeDataField { DateTimeFormat: DateTimeFormat.Timestamp, IsAdjustedToUTC: false } => ColumnType.DateTime,
            DateTimeDataField => ColumnType.Timestamp,
            TimeDataField => ColumnType.String,
            _ when type == typeof(bool) => ColumnType.Boolean,
            _ when type == typeof(float) || type == typeof(double) => ColumnType.Number,
            _ when type == typeof(long) || type == typeof(int) || type == typeof(uint) || type == typeof(short) || type == typeof(ushort)
                || type == typeof(sbyte) || type == typeof(byte) => ColumnType.Integer,
            _ when type == typeof(DateOnly) => ColumnType.Date,
            _ when type == typeof(ReadOnlyMemory<char>) || type == typeof(ReadOnlyMemory<byte>) || type == typeof(Guid) => ColumnType.String,
            _ => null,
        };
    }

    public static Task ReadAsync(ParquetRowGroupReader group, DataField field, Column column, int rows, CancellationToken cancellationToken)
    {
        var type = field.ClrType;
        return column switch
        {
            Column<bool> booleans => AsIs(booleans),
            Column<double> numbers when type == typeof(float) => Converted<float, double>(numbers, value => value),
            Column<double> numbers => AsIs(numbers),
            Column<decimal> decimals when type == typeof(ulong) => Converted<ulong, decimal>(decimals, value => value),
            Column<decimal> decimals => AsIs(decimals),
            Column<DateOnly> dates when type == typeof(DateTime) => Converted<DateTime, DateOnly>(dates, DateOnly.FromDateTime),
            Column<DateOnly> dates => AsIs(dates),

            // A time without a zone comes as a local one; only its clock counts.
            Column<DateTime> times => Converted<DateTime, DateTime>(
                times, value => DateTime.SpecifyKind(value, column.Type == ColumnType.Timestamp ? DateTimeKind.Utc : DateTimeKind.Unspecified)),
            Column<long> integers when type == typeof(int) => Converted<int, long>(integers, value => value),
            Column<long> integers when type == typeof(uint) => Converted<uint, long>(integers, value => value),
            Column<long> integers when type == typeof(short) => Converted<short, long>(integers, value => value),
            Column<long> integers when type == typeof(ushort) => Converted<ushort, long>(integers, value => value),
            Column<long> integers when type == typeof(sbyte) => Converted<sbyte, long>(integers, value => value),
            Column<long> integers when type == typeof(byte) => Converted<byte, long>(integers, value => value),
            Column<long> integers => AsIs(integers),
            Column<ReadOnlyMemory<char>> strings when type == typeof(ReadOnlyMemory<byte>) =>
                Converted<ReadOnlyMemory<byte>, ReadOnlyMemory<char>>(strings, value => Convert.ToBase64String(value.Span).AsMemory()),
            Column<ReadOnlyMemory<char>> strings when type == typeof(Guid) =>
                Converted<Guid, ReadOnlyMemory<char>>(strings, value => value.ToString().AsMemory()),
            Column<ReadOnlyMemory<char>> strings when field is TimeDataField time => type == typeof(int)
                ? Converted<int, ReadOnlyMemory<char>>(strings, value => TimeOfDay(value, time.Precision))
                : Converted<long, ReadOnlyMemory<char>>(strings, value => TimeOfDay(value, time.Precision)),
            Column<ReadOnlyMemory<char>> strings => AsIs(strings),
            _ => throw new InvalidOperationException($"A {type.Name} column is not read as {column.Type}."),
        };

        Task AsIs<T>(Column<T> target)
            where T : struct => LoadAsync(target.Values);

        async Task Converted<TFrom, TTo>(Column<TTo> target, Func<TFrom, TTo> convert)
            where TFrom : struct
            where TTo : struct
        {
            var values = new TFrom?[rows];
            await LoadAsync(values);
            for (var row = 0; row < rows; row++)
            {
                target.Values[row] = values[row] is { } value ? convert(value) : null;
            }
        }

        async Task LoadAsync<T>(T?[] target)
            where T : struct
        {
            if (field.IsNullable)
            {
                await group.ReadAsync<T>(field, target.AsMemory(0, rows), null, cancellationToken);
                return;
            }

            // Parquet.Net 6.1 fills nullable memory from a column without nulls with nulls of its own making.
            var values = new T[rows];
            await group.ReadAsync<T>(field, values.AsMemory(), null, cancellationToken);
            for (var row = 0; row < rows; row++)
            {
                target[row] = values[row];
            }
        }
    }

    private static ReadOnlyMemory<char> TimeOfDay(long value, TimeUnitPrecision precision)
    {
        var ticks = precision switch
        {
            TimeUnitPrecision.Millis => value * TimeSpan.TicksPerMillisecond,
            TimeUnitPrecision.Micros => value * TimeSpan.TicksPerMicrosecond,
            _ => value / TimeSpan.NanosecondsPerTick,
        };
        return new TimeOnly(ticks).ToString("HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture).AsMemory();
    }
}
