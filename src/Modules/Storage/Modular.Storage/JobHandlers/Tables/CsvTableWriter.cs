using System.Buffers;
using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>RFC 4180 with a header, LF line ends and UTF-8; a null is nothing between the commas, an empty string a pair of quotes.</summary>
internal sealed class CsvTableWriter(Stream output, TableSchema schema) : ITableWriter
{
    private const string DateTimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF";

    private static readonly SearchValues<char> Special = SearchValues.Create(",\"\r\n");

    private readonly CsvWriter _csv = new(
        new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 64 * 1024, leaveOpen: true),
        new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" });

    private bool _hasHeader;

    public async Task WriteAsync(TableBatch batch, CancellationToken cancellationToken)
    {
        await WriteHeaderAsync();
        for (var row = batch.Start; row < batch.Start + batch.Rows; row++)
        {
            foreach (var column in batch.Columns)
            {
                WriteValue(column, row);
            }

            cancellationToken.ThrowIfCancellationRequested();
            await _csv.NextRecordAsync();
        }
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await WriteHeaderAsync();
        await _csv.FlushAsync();
    }

    public ValueTask DisposeAsync() => _csv.DisposeAsync();

    private async Task WriteHeaderAsync()
    {
        if (!_hasHeader)
        {
            _hasHeader = true;
            foreach (var column in schema.Columns)
            {
                WriteText(column.Name);
            }

            await _csv.NextRecordAsync();
        }
    }

    private void WriteValue(Column column, int row)
    {
        switch (column)
        {
            case Column<ReadOnlyMemory<char>> strings:
                WriteText(strings.Values[row]?.ToString());
                break;
            case Column<DateTime> times:
                var zone = column.Type == ColumnType.Timestamp ? "Z" : "";
                WritePlain(times.Values[row] is { } time ? time.ToString(DateTimeFormat, CultureInfo.InvariantCulture) + zone : null);
                break;
            case Column<DateOnly> dates:
                WritePlain(dates.Values[row]?.ToString("O", CultureInfo.InvariantCulture));
                break;
            case Column<bool> booleans:
                WritePlain(booleans.Values[row] is { } boolean ? boolean ? "true" : "false" : null);
                break;
            case Column<long> integers:
                WritePlain(integers.Values[row]?.ToString(CultureInfo.InvariantCulture));
                break;
            case Column<double> numbers:
                WritePlain(numbers.Values[row]?.ToString("R", CultureInfo.InvariantCulture));
                break;
            case Column<decimal> decimals:
                WritePlain(decimals.Values[row]?.ToString(CultureInfo.InvariantCulture));
                break;
            default:
                throw new InvalidOperationException($"CSV has no {column.Type} values.");
        }
    }

    private void WritePlain(string? text) => _csv.WriteField(text, shouldQuote: false);

    // Texts that a spreadsheet takes for formulas are written as they are: a converter that changes values corrupts them for everyone else.
    private void WriteText(string? text) =>
        _csv.WriteField(text, shouldQuote: text is not null && (text.Length == 0 || text[0] == ' ' || text[^1] == ' ' || text.AsSpan().ContainsAny(Special)));
}
