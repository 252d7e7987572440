using Microsoft.AspNetCore.Http;

namespace Modular.BuildingBlocks.Http;

/// <summary>
/// A use case says no: expected, told to the client as a problem, not logged as an error. The detail says what is wrong and what to do.
/// </summary>
public sealed class Refusal(int status, string detail) : Exception(detail)
{
    public int Status { get; } = status;

    /// <summary>The fields at fault, for a 400.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>When to try again, for a 429 or 503.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public static Refusal Invalid(string field, string message) =>
        new(StatusCodes.Status400BadRequest, "One or more fields are not valid.")
        {
            Errors = new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] },
        };

    public static Refusal NotFound(string detail) => new(StatusCodes.Status404NotFound, detail);

    public static Refusal Conflict(string detail) => new(StatusCodes.Status409Conflict, detail);

    public static Refusal PreconditionFailed(string detail) => new(StatusCodes.Status412PreconditionFailed, detail);

    public static Refusal TooLarge(string detail) => new(StatusCodes.Status413PayloadTooLarge, detail);

    public static Refusal Unprocessable(string detail) => new(StatusCodes.Status422UnprocessableEntity, detail);

    public static Refusal Unavailable(string detail, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, detail) { RetryAfter = retryAfter };
}
