using System.Globalization;
using Modular.Jobs.Contracts;

namespace Modular.Storage.JobHandlers.Tables;

/// <summary>What a table's user did wrong, with the line it is on.</summary>
internal static class TableFault
{
    public static JobFailedException Invalid(string message, Exception? cause = null) => new(message, cause) { ErrorType = "InvalidTable" };

    public static JobFailedException OnLine(long line, string message, Exception? cause = null) =>
        Invalid(string.Create(CultureInfo.InvariantCulture, $"Line {line}: {message}"), cause);

    public static JobFailedException TooLarge(string message) => new(message) { ErrorType = "TableTooLarge" };
}
