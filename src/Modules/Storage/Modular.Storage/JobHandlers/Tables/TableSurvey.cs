namespace Modular.Storage.JobHandlers.Tables;

/// <summary>
/// Reads a table of text once to find the narrowest type that holds every value of each column. A sample would be quicker, and wrong about the row in a
/// million that says "n/a".
/// </summary>
internal static class TableSurvey
{
    public static async Task<TableSchema> RunAsync(IRowReader rows, CancellationToken cancellationToken)
    {
        var columns = new List<ColumnSurvey>();
        while (await rows.ReadAsync(cancellationToken))
        {
            var row = rows.Row;
            while (columns.Count < row.Length)
            {
                columns.Add(new ColumnSurvey());
            }

            for (var i = 0; i < row.Length; i++)
            {
                columns[i].Add(row[i]);
            }
        }

        return new TableSchema([.. rows.Names.Select((name, i) => new TableColumn(name, i < columns.Count ? columns[i].Type : ColumnType.String))]);
    }

    private sealed class ColumnSurvey
    {
        private ColumnType? _type;
        private bool _beyondFloat;

        /// <summary>A column of nulls is one of strings.</summary>
        public ColumnType Type => _type ?? ColumnType.String;

        public void Add(Cell cell)
        {
            if (cell.Text is null || _type == ColumnType.String || (cell.Kind == CellKind.Untyped && cell.Text.Length == 0))
            {
                return;
            }

            var type = Infer(cell, _type ?? ColumnType.String);
            _type = (_type, type) switch
            {
                (null, _) => type,
                var (known, same) when known == same => type,
                (ColumnType.Integer, ColumnType.Number) when !_beyondFloat => ColumnType.Number,
                (ColumnType.Number, ColumnType.Integer) when !_beyondFloat => ColumnType.Number,
                _ => ColumnType.String,
            };
        }

        private ColumnType Infer(Cell cell, ColumnType likely)
        {
            var (untyped, literal, quoted) = (cell.Kind == CellKind.Untyped, cell.Kind == CellKind.Literal, cell.Kind == CellKind.Quoted);
            if ((untyped || literal) && likely is not (ColumnType.Date or ColumnType.DateTime or ColumnType.Timestamp))
            {
                if (CellText.TryInteger(cell.Text, out var integer))
                {
                    _beyondFloat |= !CellText.IsFloat(integer);
                    return ColumnType.Integer;
                }

                if (CellText.TryNumber(cell.Text, out _))
                {
                    return ColumnType.Number;
                }

                if (CellText.TryBoolean(cell.Text, out _))
                {
                    return ColumnType.Boolean;
                }
            }

            if (untyped || quoted)
            {
                return CellText.TryDate(cell.Text, out _) ? ColumnType.Date
                    : CellText.TryTimestamp(cell.Text, out _) ? ColumnType.Timestamp
                    : CellText.TryDateTime(cell.Text, out _) ? ColumnType.DateTime
                    : ColumnType.String;
            }

            return ColumnType.String;
        }
    }
}
