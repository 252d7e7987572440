using System.Globalization;
using Modular.Jobs.Contracts;

namespace Modular.Storage.JobHandlers.Tables;

/// <param name="Name">As the input has it.</param>
/// <param name="Type">The narrowest type that holds every value.</param>
/// <param name="Precision">Digits of a decimal.</param>
/// <param name="Scale">Digits of a decimal after the point.</param>
internal sealed record TableColumn(string Name, ColumnType Type, int Precision = 0, int Scale = 0);

/// <summary>Columns by position, with names that every format can carry.</summary>
internal sealed record TableSchema
{
    public const int MaxColumns = 1_000;
    public const int MaxNameLength = 256;

    // The names come back in the job's result, which has a cap of its own.
    private const int MaxNamesLength = 32 * 1024;

    /// <exception cref="JobFailedException">There is no column, there are too many, or a name is empty, too long or there twice.</exception>
    public TableSchema(IReadOnlyList<TableColumn> columns)
    {
        CheckNames([.. columns.Select(column => column.Name)]);
        Columns = columns;
    }

    public IReadOnlyList<TableColumn> Columns { get; }

    public static void CheckNames(IReadOnlyList<string> names)
    {
        if (names.Count is 0 or > MaxColumns)
        {
            throw TableFault.Invalid(string.Create(CultureInfo.InvariantCulture, $"The table has {names.Count} columns; from 1 to {MaxColumns} are converted."));
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++)
        {
            // The names are part of the job's result, which the database keeps as jsonb: that has no NUL.
            if (names[i].Length is 0 or > MaxNameLength || names[i].Contains('\0', StringComparison.Ordinal))
            {
                throw TableFault.Invalid(string.Create(
                    CultureInfo.InvariantCulture, $"The name of column {i + 1} must have from 1 to {MaxNameLength} characters, none of them NUL."));
            }

            if (!seen.Add(names[i]))
            {
                throw TableFault.Invalid($"Two columns have the name '{names[i]}'; give each its own.");
            }
        }

        if (names.Sum(name => name.Length) > MaxNamesLength)
        {
            throw TableFault.Invalid(string.Create(CultureInfo.InvariantCulture, $"The names of the columns have more than {MaxNamesLength} characters together."));
        }
    }
}
