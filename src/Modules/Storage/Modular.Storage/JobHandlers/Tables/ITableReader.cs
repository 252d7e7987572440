namespace Modular.Storage.JobHandlers.Tables;

/// <summary>A table of known columns, read once from front to back.</summary>
internal interface ITableReader : IAsyncDisposable
{
    TableSchema Schema { get; }

    IAsyncEnumerable<TableBatch> ReadAsync(CancellationToken cancellationToken);
}
