namespace Modular.Storage.JobHandlers.Tables;

/// <summary>Writes a table to a forward-only stream, which stays open.</summary>
internal interface ITableWriter : IAsyncDisposable
{
    Task WriteAsync(TableBatch batch, CancellationToken cancellationToken);

    /// <summary>Writes what belongs after the last row; a table is complete with it.</summary>
    Task CompleteAsync(CancellationToken cancellationToken);
}
