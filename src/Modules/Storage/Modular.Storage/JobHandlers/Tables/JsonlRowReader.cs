using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>One JSON object a line, in UTF-8. A member that a line does not have is a null; nested values are kept as their JSON text.</summary>
/// <param name="input">The lines; the reader owns them.</param>
/// <param name="progress">Gets the bytes read so far.</param>
/// <param name="names">The columns when they are known, or null to collect them.</param>
/// <param name="cancellationToken">The attempt.</param>
internal sealed class JsonlRowReader(Stream input, Action<long> progress, IReadOnlyList<string>? names, CancellationToken cancellationToken) : IRowReader
{
    private const int MaxLineBytes = 16 << 20;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly StreamPipeReaderOptions PipeOptions = new(bufferSize: 64 * 1024, minimumReadSize: 16 * 1024, leaveOpen: true);

    private readonly PipeReader _pipe = PipeReader.Create(new MeteredStream(input, progress, cancellationToken), PipeOptions);
    private readonly List<string> _names = [.. names ?? []];
    private readonly List<byte[]> _utf8Names = [.. (names ?? []).Select(Utf8.GetBytes)];
    private readonly Dictionary<string, int> _columns = (names ?? []).Select((name, i) => (name, i)).ToDictionary(pair => pair.name, pair => pair.i, StringComparer.Ordinal);
    private readonly List<long> _lastSeen = [.. (names ?? []).Select(_ => 0L)];
    private Cell[] _row = new Cell[names?.Count ?? 16];
    private long _searched;

    public IReadOnlyList<string> Names => _names;

    public long Line { get; private set; }

    public ReadOnlySpan<Cell> Row => _row.AsSpan(0, _names.Count);

    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await _pipe.ReadAsync(cancellationToken);
            var buffer = result.Buffer;
            var end = buffer.Slice(_searched).PositionOf((byte)'\n');
            _searched = 0;
            if (end is null && !result.IsCompleted && buffer.Length <= MaxLineBytes)
            {
                _searched = buffer.Length;
                _pipe.AdvanceTo(buffer.Start, buffer.End);
                continue;
            }

            if (end is null && buffer.IsEmpty)
            {
                return false;
            }

            Line++;
            var line = end is null ? buffer : buffer.Slice(0, end.Value);
            if (line.Length > MaxLineBytes)
            {
                throw TableFault.OnLine(Line, $"the line is longer than {MaxLineBytes >> 20} MiB.");
            }

            var isRow = TryParse(line);
            _pipe.AdvanceTo(end is null ? buffer.End : buffer.GetPosition(1, end.Value));
            if (isRow)
            {
                return true;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _pipe.CompleteAsync();
        await input.DisposeAsync();
    }

    private static bool IsBlank(ReadOnlySequence<byte> line)
    {
        foreach (var segment in line)
        {
            if (segment.Span.ContainsAnyExcept(" \t\r"u8))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryParse(ReadOnlySequence<byte> line)
    {
        if (Line == 1 && line.Length >= 3 && line.Slice(0, 3).ToArray().AsSpan().SequenceEqual(Encoding.UTF8.Preamble))
        {
            line = line.Slice(3);
        }

        if (IsBlank(line))
        {
            return false;
        }

        try
        {
            Parse(line);
            return true;
        }
        catch (JsonException problem)
        {
            throw TableFault.OnLine(Line, string.Create(
                CultureInfo.InvariantCulture, $"is not one well-formed JSON object (byte {problem.BytePositionInLine + 1} of the line)."), problem);
        }
        catch (Exception problem) when (problem is InvalidOperationException or DecoderFallbackException)
        {
            throw TableFault.OnLine(Line, "has text that is no valid Unicode.", problem);
        }
    }

    private void Parse(ReadOnlySequence<byte> line)
    {
        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 64 });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw TableFault.OnLine(Line, "must be a JSON object such as {\"id\":1}.");
        }

        Array.Clear(_row);
        var likely = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var column = Find(ref reader, likely);
            if (_lastSeen[column] == Line)
            {
                throw TableFault.OnLine(Line, $"has the member '{_names[column]}' twice.");
            }

            _lastSeen[column] = Line;
            likely = column + 1;
            reader.Read();
            _row[column] = Value(ref reader, line);
        }

        // Anything behind the object's end throws here.
        reader.Read();
    }

    // Lines mostly have their members in one order: then no name is decoded.
    private int Find(ref Utf8JsonReader reader, int likely)
    {
        if (likely < _utf8Names.Count && reader.ValueTextEquals(_utf8Names[likely]))
        {
            return likely;
        }

        var name = reader.GetString()!;
        return _columns.TryGetValue(name, out var column) ? column : Add(name);
    }

    private int Add(string name)
    {
        if (names is not null)
        {
            throw new IOException($"The object was replaced while it was read: line {Line} has a new member.");
        }

        if (name.Length is 0 or > TableSchema.MaxNameLength || _names.Count == TableSchema.MaxColumns)
        {
            throw TableFault.OnLine(Line, string.Create(
                CultureInfo.InvariantCulture,
                $"a table has at most {TableSchema.MaxColumns} columns, whose names have from 1 to {TableSchema.MaxNameLength} characters."));
        }

        _columns[name] = _names.Count;
        _names.Add(name);
        _utf8Names.Add(Utf8.GetBytes(name));
        _lastSeen.Add(0);
        if (_names.Count > _row.Length)
        {
            Array.Resize(ref _row, _row.Length * 2);
        }

        return _names.Count - 1;
    }

    private static Cell Value(ref Utf8JsonReader reader, ReadOnlySequence<byte> line)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.Null:
                return default;
            case JsonTokenType.String:
                return new Cell(CellKind.Quoted, reader.GetString());
            case JsonTokenType.True:
                return new Cell(CellKind.Literal, "true");
            case JsonTokenType.False:
                return new Cell(CellKind.Literal, "false");
            case JsonTokenType.Number:
                return new Cell(CellKind.Literal, reader.HasValueSequence ? Utf8.GetString(reader.ValueSequence) : Utf8.GetString(reader.ValueSpan));
            default:
                var start = reader.TokenStartIndex;
                reader.Skip();
                return new Cell(CellKind.Nested, Utf8.GetString(line.Slice(start, reader.BytesConsumed - start)));
        }
    }
}
