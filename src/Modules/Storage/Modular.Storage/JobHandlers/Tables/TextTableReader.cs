using System.Globalization;
using System.Runtime.CompilerServices;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>Rows of text as a table of the types that a survey found.</summary>
internal sealed class TextTableReader(IRowReader rows, TableSchema schema) : ITableReader
{
    public TableSchema Schema { get; } = schema;

    public async IAsyncEnumerable<TableBatch> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var capacity = TableBatch.RowsFor(Schema.Columns.Count);
        var columns = Schema.Columns.Select(column => Column.Create(column.Type, capacity)).ToArray();
        var (count, text) = (0, 0L);
        while (await rows.ReadAsync(cancellationToken))
        {
            text += Fill(columns, count++);
            if (count == capacity || text >= TableBatch.MaxText)
            {
                yield return new TableBatch(columns, 0, count);
                (count, text) = (0, 0L);
            }
        }

        if (count > 0)
        {
            yield return new TableBatch(columns, 0, count);
        }
    }

    public ValueTask DisposeAsync() => rows.DisposeAsync();

    private long Fill(Column[] columns, int index)
    {
        var row = rows.Row;
        var text = 0L;
        for (var i = 0; i < columns.Length; i++)
        {
            text += row[i].Text?.Length ?? 0;
            if (!columns[i].TryParse(index, row[i].Text))
            {
                // Not the user's fault: the survey had read another object under this key. The next attempt reads one.
                throw new IOException(string.Create(
                    CultureInfo.InvariantCulture, $"The object was replaced while it was read: line {rows.Line} does not fit what was there before."));
            }
        }

        return text;
    }
}
