using Minio.Exceptions;

namespace Modular.Storage.Blobs.S3;

/// <summary>Gives each call its deadline, and turns whatever goes wrong into the store's own exception.</summary>
internal static class S3Calls
{
    /// <exception cref="BlobStoreException">The server refused, failed or was silent.</exception>
    public static async Task<T> CallAsync<T>(TimeSpan patience, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(patience);
        try
        {
            return await call(deadline.Token);
        }
        catch (OperationCanceledException problem) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed(new TimeoutException($"No answer within {patience.TotalSeconds:0} s.", problem));
        }
        catch (Exception problem) when (problem is not (OperationCanceledException or BlobStoreException))
        {
            // The Minio client throws whatever it meets, NullReferenceException included.
            throw Failed(problem);
        }
    }

    public static BlobStoreException Failed(Exception problem) => new($"The S3 server failed: {problem.Message}", problem)
    {
        // A refused signature or a missing bucket stays; whatever else may be a server that still starts.
        MayPass = problem is not (AuthorizationException or AccessDeniedException or ForbiddenException or InvalidBucketNameException),
    };
}
