using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Options;

namespace Modular.BuildingBlocks.Http;

/// <summary>
/// Writes the problem when the framework will not, because the Accept header names no JSON. RFC 9110 leaves that choice to the server, and a client that
/// asked for CSV still has to learn what went wrong; without this every refusal would be an empty 500 to it.
/// </summary>
internal sealed class ProblemWriter(IOptions<ProblemDetailsOptions> options) : IProblemDetailsWriter
{
    public bool CanWrite(ProblemDetailsContext context) => true;

    public ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var (response, problem) = (context.HttpContext.Response, context.ProblemDetails);
        problem.Status ??= response.StatusCode;
        problem.Title ??= ReasonPhrases.GetReasonPhrase(problem.Status.Value);
        options.Value.CustomizeProblemDetails?.Invoke(context);
        return new ValueTask(response.WriteAsJsonAsync(problem, problem.GetType(), Json.Options, "application/problem+json", context.HttpContext.RequestAborted));
    }
}
