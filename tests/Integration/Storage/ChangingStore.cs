using Modular.Storage.Blobs;

namespace Modular.IntegrationTests.Storage;

/// <summary>A store in front of which something happens between the question for a blob's size and its answer.</summary>
internal sealed class ChangingStore(IBlobStore inner, Func<Task> change) : IBlobStore
{
    public int Changes { get; private set; }

    public string Provider => inner.Provider;

    public async Task<long?> FindSizeAsync(Guid id, CancellationToken cancellationToken)
    {
        await change();
        Changes++;
        return await inner.FindSizeAsync(id, cancellationToken);
    }

    public Task PrepareAsync(CancellationToken cancellationToken) => inner.PrepareAsync(cancellationToken);

    public Task<BlobContent> PutAsync(Guid id, long maxBytes, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) => inner.PutAsync(id, maxBytes, write, cancellationToken);

    public Task<Stream?> OpenAsync(Guid id, long offset, long length, CancellationToken cancellationToken) => inner.OpenAsync(id, offset, length, cancellationToken);

    public Task DeleteAsync(Guid id, CancellationToken cancellationToken) => inner.DeleteAsync(id, cancellationToken);

    public IAsyncEnumerable<StoredBlob> ListAsync(CancellationToken cancellationToken) => inner.ListAsync(cancellationToken);

    public Task RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken) => inner.RemoveUnfinishedAsync(before, cancellationToken);

    public Task<Guid?> ReadIdentityAsync(CancellationToken cancellationToken) => inner.ReadIdentityAsync(cancellationToken);

    public Task WriteIdentityAsync(Guid identity, CancellationToken cancellationToken) => inner.WriteIdentityAsync(identity, cancellationToken);

    public Task CheckAsync(CancellationToken cancellationToken) => inner.CheckAsync(cancellationToken);

    public Task<Uri?> PresignPutAsync(Guid id, TimeSpan lifetime, CancellationToken cancellationToken) => inner.PresignPutAsync(id, lifetime, cancellationToken);

    public Task<Uri?> PresignGetAsync(Guid id, TimeSpan lifetime, string contentType, string contentDisposition, CancellationToken cancellationToken) =>
        inner.PresignGetAsync(id, lifetime, contentType, contentDisposition, cancellationToken);
}
