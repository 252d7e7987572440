namespace Modular.Storage.JobHandlers.Tables;

/// <summary>Rows of text that do not say what their columns hold.</summary>
internal interface IRowReader : IAsyncDisposable
{
    /// <summary>The columns seen so far: a CSV header says all at once, JSON lines add their members as they come.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>The line on which the current row starts, from 1.</summary>
    long Line { get; }

    /// <summary>The current row; valid until the next read.</summary>
    ReadOnlySpan<Cell> Row { get; }

    /// <summary>Goes to the next row; false at the end.</summary>
    ValueTask<bool> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>One value of a row.</summary>
/// <param name="Kind">What the text may stand for.</param>
/// <param name="Text">Null for a null.</param>
internal readonly record struct Cell(CellKind Kind, string? Text);

internal enum CellKind
{
    Null,

    /// <summary>Text of a format without types: it may stand for anything.</summary>
    Untyped,

    /// <summary>A JSON number, true or false.</summary>
    Literal,

    /// <summary>A JSON string: a date or a time, for which JSON has nothing else, or itself.</summary>
    Quoted,

    /// <summary>A JSON object or array: its own text.</summary>
    Nested,
}
