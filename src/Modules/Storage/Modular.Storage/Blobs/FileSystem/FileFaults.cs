namespace Modular.Storage.Blobs.FileSystem;

/// <summary>Tells a disk that failed from everything else that a write may throw.</summary>
internal static class FileFaults
{
    public static bool IsFault(Exception problem) => problem is IOException or UnauthorizedAccessException;

    public static BlobStoreException Failed(Exception problem) => new($"The folder of objects failed: {problem.Message}", problem);

    /// <exception cref="BlobStoreException">The disk failed.</exception>
    public static void Guard(Action action) => Guard(() =>
    {
        action();
        return true;
    });

    /// <exception cref="BlobStoreException">The disk failed.</exception>
    public static T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception problem) when (IsFault(problem))
        {
            throw Failed(problem);
        }
    }
}
