using System.Runtime.CompilerServices;
using static Modular.Storage.Blobs.FileSystem.FileFaults;

namespace Modular.Storage.Blobs.FileSystem;

/// <summary>
/// Blobs as files: <c>blobs/{last three digits of the id}/{id}</c> (the end of a UUIDv7 is random, its start is the time). A blob is written under
/// <c>unfinished/</c>, synced, renamed, and its folder synced: after a power cut it is there whole, or not at all.
/// </summary>
internal sealed class FileSystemBlobStore : IBlobStore
{
    private const int BufferBytes = 128 * 1024;
    private const string IdentityFile = "store-id";

    private readonly string _root;
    private readonly string _blobs;
    private readonly string _unfinished;

    public FileSystemBlobStore(string path)
    {
        _root = Path.GetFullPath(path);
        _blobs = Path.Combine(_root, "blobs");
        _unfinished = Path.Combine(_root, "unfinished");
    }

    public string Provider => "filesystem";

    public Task PrepareAsync(CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(_blobs);
            Directory.CreateDirectory(_unfinished);
            Folder.Sync(_root);
            return Task.CompletedTask;
        }
        catch (Exception problem) when (IsFault(problem))
        {
            throw Failed(problem);
        }
    }

    public async Task<BlobContent> PutAsync(Guid id, long maxBytes, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        var temporary = Path.Combine(_unfinished, $"{id:N}.{Path.GetRandomFileName()}");
        BlobStoreException? fault = null;
        try
        {
            BlobContent content;
            await using (var file = Guard(() => new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.None,
                BufferSize = BufferBytes,
                Options = FileOptions.Asynchronous,
            })))
            {
                var stream = new BlobStream(maxBytes, async (bytes, token) =>
                {
                    try
                    {
                        await file.WriteAsync(bytes, token);
                    }
                    catch (Exception problem) when (IsFault(problem))
                    {
                        throw fault = Failed(problem);
                    }
                });
                await write(stream, cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                content = stream.ToContent();
                try
                {
                    await Task.Run(() => Guard(() => file.Flush(flushToDisk: true)), CancellationToken.None);
                }
                catch (BlobStoreException problem)
                {
                    fault = problem;
                    throw;
                }
            }

            Guard(() => Publish(temporary, id));
            return content;
        }
        catch (Exception problem)
        {
            // Gone already when the rename was what worked; a file that cannot be removed is left to RemoveUnfinishedAsync.
            RemoveQuietly(temporary);
            if (fault is not null && problem != fault)
            {
                // Closing a file on a full disk fails once more, with an exception that hides the first.
                throw fault;
            }

            throw;
        }
    }

    public Task<Stream?> OpenAsync(Guid id, long offset, long length, CancellationToken cancellationToken)
    {
        FileStream? file = null;
        try
        {
            // Someone may delete the blob while it is read: the open file keeps its bytes to the end.
            file = new FileStream(PathOf(id), new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite | FileShare.Delete,
                BufferSize = 0,
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            });
            file.Position = offset;
            return Task.FromResult<Stream?>(new BoundedStream(file, length));
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return Task.FromResult<Stream?>(null);
        }
        catch (Exception problem) when (IsFault(problem))
        {
            file?.Dispose();
            throw Failed(problem);
        }
    }

    public Task<long?> FindSizeAsync(Guid id, CancellationToken cancellationToken)
    {
        var file = new FileInfo(PathOf(id));
        return Task.FromResult<long?>(file.Exists ? file.Length : null);
    }

    public Task DeleteAsync(Guid id, CancellationToken cancellationToken)
    {
        try
        {
            File.Delete(PathOf(id));
        }
        catch (DirectoryNotFoundException)
        {
            // No folder, no blob: what was asked for holds.
        }
        catch (Exception problem) when (IsFault(problem))
        {
            throw Failed(problem);
        }

        return Task.CompletedTask;
    }

    public async IAsyncEnumerable<StoredBlob> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Yield();
        foreach (var file in new DirectoryInfo(_blobs).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Guid.TryParseExact(file.Name, "N", out var id))
            {
                yield return new StoredBlob(id, new DateTimeOffset(file.LastWriteTimeUtc));
            }
        }
    }

    public Task RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        foreach (var file in new DirectoryInfo(_unfinished).EnumerateFiles().Where(file => new DateTimeOffset(file.LastWriteTimeUtc) < before))
        {
            RemoveQuietly(file.FullName);
        }

        return Task.CompletedTask;
    }

    public async Task<Guid?> ReadIdentityAsync(CancellationToken cancellationToken)
    {
        try
        {
            var text = await File.ReadAllTextAsync(Path.Combine(_root, IdentityFile), cancellationToken);
            return Guid.TryParse(text.Trim(), out var identity) ? identity : Guid.Empty;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    public Task WriteIdentityAsync(Guid identity, CancellationToken cancellationToken)
    {
        var temporary = Path.Combine(_unfinished, Path.GetRandomFileName());
        Guard(() =>
        {
            using (var file = new FileStream(temporary, FileMode.CreateNew))
            {
                file.Write(System.Text.Encoding.ASCII.GetBytes(identity.ToString()));
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, Path.Combine(_root, IdentityFile), overwrite: true);
            Folder.Sync(_root);
        });
        return Task.CompletedTask;
    }

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        // A read-only remount or a full disk lets reads pass: only a write tells.
        var temporary = Path.Combine(_unfinished, $"check.{Path.GetRandomFileName()}");
        try
        {
            await File.WriteAllTextAsync(temporary, "ok", cancellationToken);
        }
        catch (Exception problem) when (IsFault(problem))
        {
            throw Failed(problem);
        }
        finally
        {
            RemoveQuietly(temporary);
        }
    }

    public Task<Uri?> PresignPutAsync(Guid id, TimeSpan lifetime, CancellationToken cancellationToken) => Task.FromResult<Uri?>(null);

    public Task<Uri?> PresignGetAsync(Guid id, TimeSpan lifetime, string contentType, string contentDisposition, CancellationToken cancellationToken) =>
        Task.FromResult<Uri?>(null);

    private string PathOf(Guid id)
    {
        var name = id.ToString("N");
        return Path.Combine(_blobs, name[^3..], name);
    }

    private void Publish(string temporary, Guid id)
    {
        var path = PathOf(id);
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            Folder.Sync(_blobs);
        }

        File.Move(temporary, path);
        Folder.Sync(folder);
    }

    private static void RemoveQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception problem) when (IsFault(problem))
        {
            // The caller has its own outcome to report; the sweeper removes the file a day later.
        }
    }
}
