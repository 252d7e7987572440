using System.Globalization;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>One JSON object a line with every column, nulls included; dates and times are ISO 8601 strings, NaN and the infinities strings too.</summary>
internal sealed class JsonlTableWriter : ITableWriter
{
    private const int FlushBytes = 64 * 1024;
    private const string DateTimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF";

    private readonly PipeWriter _pipe;
    private readonly Utf8JsonWriter _json;
    private readonly JsonEncodedText[] _names;

    public JsonlTableWriter(Stream output, TableSchema schema)
    {
        // Text stays readable: what is escaped for the sake of HTML need not be in a file of lines.
        var encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        _pipe = PipeWriter.Create(output, new StreamPipeWriterOptions(leaveOpen: true, minimumBufferSize: FlushBytes));
        _json = new Utf8JsonWriter(_pipe, new JsonWriterOptions { Encoder = encoder, SkipValidation = true });
        _names = [.. schema.Columns.Select(column => JsonEncodedText.Encode(column.Name, encoder))];
    }

    public async Task WriteAsync(TableBatch batch, CancellationToken cancellationToken)
    {
        for (var row = batch.Start; row < batch.Start + batch.Rows; row++)
        {
            WriteRow(batch.Columns, row);
            if (_pipe.UnflushedBytes >= FlushBytes)
            {
                await _pipe.FlushAsync(cancellationToken);
            }
        }
    }

    public async Task CompleteAsync(CancellationToken cancellationToken) => await _pipe.FlushAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _json.DisposeAsync();
        await _pipe.CompleteAsync();
    }

    private void WriteRow(IReadOnlyList<Column> columns, int row)
    {
        _json.WriteStartObject();
        for (var i = 0; i < _names.Length; i++)
        {
            _json.WritePropertyName(_names[i]);
            WriteValue(columns[i], row);
        }

        _json.WriteEndObject();
        _json.Flush();
        _json.Reset();
        _pipe.GetSpan(1)[0] = (byte)'\n';
        _pipe.Advance(1);
    }

    private void WriteValue(Column column, int row)
    {
        switch (column)
        {
            case Column<ReadOnlyMemory<char>> strings when strings.Values[row] is { } text:
                _json.WriteStringValue(text.Span);
                break;
            case Column<long> integers when integers.Values[row] is { } integer:
                _json.WriteNumberValue(integer);
                break;
            case Column<double> numbers when numbers.Values[row] is { } number:
                if (double.IsFinite(number))
                {
                    _json.WriteNumberValue(number);
                }
                else
                {
                    _json.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
                }

                break;
            case Column<bool> booleans when booleans.Values[row] is { } boolean:
                _json.WriteBooleanValue(boolean);
                break;
            case Column<decimal> decimals when decimals.Values[row] is { } number:
                _json.WriteNumberValue(number);
                break;
            case Column<DateOnly> dates when dates.Values[row] is { } date:
                _json.WriteStringValue(date.ToString("O", CultureInfo.InvariantCulture));
                break;
            case Column<DateTime> times when times.Values[row] is { } time:
                _json.WriteStringValue(time.ToString(DateTimeFormat, CultureInfo.InvariantCulture) + (column.Type == ColumnType.Timestamp ? "Z" : ""));
                break;
            default:
                _json.WriteNullValue();
                break;
        }
    }
}
