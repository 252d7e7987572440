namespace Modular.Jobs.Contracts;

/// <summary>
/// Runs one job type. A class with a <see cref="JobTypeAttribute"/> that implements this in any module is found by itself;
/// a FluentValidation validator of <typeparamref name="TPayload"/> beside it is asked before a job is accepted.
/// One instance per attempt, with constructor injection from the attempt's own scope.
/// </summary>
/// <typeparam name="TPayload">The payload, read as JSON (camelCase; unknown members are refused). At most 256 KiB.</typeparam>
/// <typeparam name="TResult">The result, written as JSON. At most 256 KiB.</typeparam>
public interface IJobHandler<in TPayload, TResult>
{
    /// <summary>
    /// Does the work of one attempt. Delivery is at least once: a second attempt may follow one that already had effects,
    /// so write through <paramref name="context"/>, whose writes are fenced, and keep other effects idempotent by <see cref="IJobContext.JobId"/>.
    /// </summary>
    /// <param name="payload">The validated payload.</param>
    /// <param name="context">The attempt: progress, logs, objects, checkpoint.</param>
    /// <param name="cancellationToken">Fires on cancel, timeout, drain or a lost lease; <see cref="IJobContext.StopReason"/> tells which.
    /// A handler that ignores it for 10 s is abandoned.</param>
    /// <returns>The job's result.</returns>
    /// <exception cref="JobFailedException">The job cannot succeed by trying again: it fails at once.</exception>
    /// <exception cref="Exception">The attempt failed: it is retried after its backoff while attempts are left.</exception>
    Task<TResult> RunAsync(TPayload payload, IJobContext context, CancellationToken cancellationToken);
}

/// <summary>A retry is useless: the job fails at once, whatever attempts are left. The message is shown to the client.</summary>
/// <param name="message">What was wrong with the input and where, in words for the client.</param>
/// <param name="innerException">The cause, when there is one.</param>
public sealed class JobFailedException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>The error type in the job's <c>error</c>; a stable word such as <c>InvalidArchive</c>.</summary>
    public string ErrorType { get; init; } = "JobFailed";
}
