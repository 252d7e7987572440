using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>RFC 4180 with a header: UTF-8 (or UTF-16 with a byte order mark), commas, any line ends, line ends inside quotes.</summary>
internal sealed class CsvRowReader : IRowReader
{
    // An unclosed quote swallows the rest of the file.
    private const long MaxRecordBytes = 16 << 20;
    private const int BufferSize = 64 * 1024;

    private readonly Stream _input;
    private readonly CsvParser _parser;
    private long _read;
    private long _recordStart;
    private Cell[] _row = [];

    private CsvRowReader(Stream input, Action<long> progress, CancellationToken cancellationToken)
    {
        _input = input;
        var metered = new MeteredStream(
            input,
            read =>
            {
                _read = read;
                progress(read);
                if (read - _recordStart > MaxRecordBytes)
                {
                    throw TableFault.OnLine(Line, $"the row is longer than {MaxRecordBytes >> 20} MiB; is a quote not closed?");
                }
            },
            cancellationToken);
        var configuration = new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            BufferSize = BufferSize,
            IgnoreBlankLines = false,
            BadDataFound = _ => throw TableFault.OnLine(Line, "a quote stands inside a field or is not closed; quote the whole field and double the quotes in it."),
        };
        _parser = new CsvParser(new StreamReader(metered, new UTF8Encoding(false, throwOnInvalidBytes: true), true, BufferSize), configuration);
    }

    public IReadOnlyList<string> Names { get; private set; } = [];

    public long Line { get; private set; }

    public ReadOnlySpan<Cell> Row => _row;

    /// <summary>Reads the header.</summary>
    /// <param name="input">The file; the reader owns it.</param>
    /// <param name="progress">Gets the bytes read so far.</param>
    /// <param name="names">The columns when they are known from an earlier read, else null.</param>
    /// <param name="cancellationToken">The attempt.</param>
    public static async Task<CsvRowReader> OpenAsync(
        Stream input, Action<long> progress, IReadOnlyList<string>? names, CancellationToken cancellationToken)
    {
        var reader = new CsvRowReader(input, progress, cancellationToken);
        try
        {
            await reader.ReadHeaderAsync();
            return names is null || names.SequenceEqual(reader.Names, StringComparer.Ordinal)
                ? reader
                : throw new IOException("The object was replaced while it was read: its header is another.");
        }
        catch
        {
            await reader.DisposeAsync();
            throw;
        }
    }

    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        do
        {
            if (!await ReadRecordAsync())
            {
                return false;
            }
        }
        while (IsBlankLine());

        if (_parser.Count != Names.Count)
        {
            throw TableFault.OnLine(Line, string.Create(
                CultureInfo.InvariantCulture, $"the row has {_parser.Count} fields, but the header names {Names.Count} columns."));
        }

        Fill();
        return true;
    }

    public ValueTask DisposeAsync()
    {
        _parser.Dispose();
        return _input.DisposeAsync();
    }

    private async Task ReadHeaderAsync()
    {
        if (!await ReadRecordAsync())
        {
            throw TableFault.Invalid("The file is empty; its first line must name the columns.");
        }

        Names = [.. Enumerable.Range(0, _parser.Count).Select(i => _parser[i])];
        _row = new Cell[Names.Count];
        TableSchema.CheckNames(Names);
    }

    private async ValueTask<bool> ReadRecordAsync()
    {
        Line = _parser.RawRow + 1;
        _recordStart = _read;
        try
        {
            return await _parser.ReadAsync();
        }
        catch (DecoderFallbackException problem)
        {
            throw TableFault.OnLine(Line, "here or a little later are bytes that are no UTF-8; save the file as UTF-8.", problem);
        }
    }

    // In a table of one column a blank line is a null; in others it is nothing.
    private bool IsBlankLine() =>
        Names.Count > 1 && _parser.Count == 1 && _parser[0].Length == 0 && _parser.RawRecord.AsSpan().TrimEnd("\r\n").IsEmpty;

    private void Fill()
    {
        var empty = false;
        for (var i = 0; i < _row.Length; i++)
        {
            var text = _parser[i];
            empty |= text.Length == 0;
            _row[i] = text.Length == 0 ? default : new Cell(CellKind.Untyped, text);
        }

        if (empty)
        {
            FindEmptyStrings();
        }
    }

    /// <summary>Nothing between commas is a null, a pair of quotes is an empty string; the parser shows both as "".</summary>
    private void FindEmptyStrings()
    {
        var raw = _parser.RawRecord.AsSpan();
        var (column, quoted, fieldStart) = (0, false, true);
        foreach (var c in raw)
        {
            if (fieldStart && c == '"' && _row[column].Text is null)
            {
                _row[column] = new Cell(CellKind.Untyped, "");
            }

            quoted ^= c == '"';
            fieldStart = c == ',' && !quoted;
            column += fieldStart ? 1 : 0;
        }
    }
}
