using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FluentValidation;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Modular.BuildingBlocks.Http;

/// <summary>The one place that turns a fault into a problem (RFC 9457).</summary>
internal sealed partial class Problems(IProblemDetailsService problems, ILogger<Problems> logger) : IExceptionHandler
{
    public static void Add(IServiceCollection services)
    {
        services.AddExceptionHandler<Problems>().AddProblemDetails(options => options.CustomizeProblemDetails = context =>
        {
            // RFC 9457: no more than what the status says. The framework knows a type for some statuses only.
            context.ProblemDetails.Type ??= "about:blank";
            context.ProblemDetails.Instance ??= context.HttpContext.Request.Path;
            context.ProblemDetails.Extensions["traceId"] = Activity.Current?.TraceId.ToString() ?? context.HttpContext.TraceIdentifier;
            context.ProblemDetails.Detail ??= DefaultDetail(context.HttpContext);
        });
        // After the framework's own, which is asked first.
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
    }

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer; 499 is what the request line shows (nginx's code for a client that left).
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        var problem = Describe(exception, httpContext);
        httpContext.Response.StatusCode = problem.Status!.Value;
        if (exception is Refusal { RetryAfter: { } wait })
        {
            httpContext.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }
        else if (problem.Status == StatusCodes.Status503ServiceUnavailable)
        {
            httpContext.Response.Headers.RetryAfter = "2";
        }

        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            httpContext.Response.Headers.WWWAuthenticate = "Bearer realm=\"modular\"";
        }

        if (problem.Status == StatusCodes.Status503ServiceUnavailable && exception is not Refusal)
        {
            DatabaseAway(logger, httpContext.Request.Method, httpContext.Request.Path, exception.GetBaseException().Message);
        }
        else if (problem.Status >= 500 && exception is not Refusal)
        {
            Unhandled(logger, exception, httpContext.Request.Method, httpContext.Request.Path);
        }

        return await problems.TryWriteAsync(new ProblemDetailsContext { HttpContext = httpContext, ProblemDetails = problem });
    }

    private static ProblemDetails Describe(Exception exception, HttpContext context) => exception switch
    {
        ValidationException validation => Invalid(validation.Errors
            .GroupBy(error => CamelPath(error.PropertyName), StringComparer.Ordinal)
            .ToDictionary(field => field.Key, field => field.Select(error => error.ErrorMessage).Distinct(StringComparer.Ordinal).ToArray(), StringComparer.Ordinal)),
        Refusal { Errors: { } errors } => Invalid(errors),
        Refusal refusal => new ProblemDetails { Status = refusal.Status, Detail = refusal.Message },
        BadHttpRequestException { InnerException: JsonException json } => Invalid(JsonErrors.Describe(json)),
        BadHttpRequestException { StatusCode: 400 } bad => Invalid(BindingErrors(bad)),
        BadHttpRequestException { StatusCode: 413 or 415 } bad => new ProblemDetails { Status = bad.StatusCode, Detail = DefaultDetail(context, bad.StatusCode) },
        BadHttpRequestException bad => new ProblemDetails { Status = bad.StatusCode, Detail = bad.Message },
        _ when IsDatabaseAway(exception) => new ProblemDetails { Status = 503, Detail = "The database does not answer; try again in a moment." },
        _ => new ProblemDetails { Status = 500, Detail = "Something broke on our side; the traceId finds it in the logs." },
    };

    // The pool is exhausted or the server is away: the client did nothing wrong and may try again. Marten wraps what Npgsql threw.
    private static bool IsDatabaseAway(Exception? exception) => exception switch
    {
        null => false,
        NpgsqlException { IsTransient: true } or NpgsqlException { InnerException: TimeoutException or IOException or System.Net.Sockets.SocketException } => true,
        _ => IsDatabaseAway(exception.InnerException),
    };

    private static HttpValidationProblemDetails Invalid(IEnumerable<KeyValuePair<string, string[]>> errors) =>
        new(errors) { Status = StatusCodes.Status400BadRequest, Detail = "One or more fields are not valid.", Title = "Bad Request" };

    private static Dictionary<string, string[]> BindingErrors(BadHttpRequestException bad)
    {
        if (bad.Message.EndsWith(" from body.", StringComparison.Ordinal) || bad.Message.Contains(" no body was provided", StringComparison.Ordinal))
        {
            return new(StringComparer.Ordinal) { ["$"] = ["must be a JSON body"] };
        }

        var match = BindingFailure().Match(bad.Message);
        return match.Success
            ? new(StringComparer.Ordinal) { [CamelPath(match.Groups["name"].Value)] = [match.Groups["value"].Success ? $"\"{match.Groups["value"].Value}\" is not a valid {Plain(match.Groups["type"].Value)}" : "is required"] }
            : new(StringComparer.Ordinal) { ["$"] = [bad.Message] };
    }

    private static string Plain(string type) => type.TrimEnd('?').Replace("Nullable<", "", StringComparison.Ordinal).TrimEnd('>') switch
    {
        "int" or "long" or "Int32" or "Int64" => "whole number",
        "Guid" => "id (UUID)",
        "bool" or "Boolean" => "true or false",
        "DateTimeOffset" => "ISO 8601 time",
        var other => other,
    };

    /// <summary><c>Jobs[3].Payload.BaseSeconds</c> as clients write it: <c>jobs[3].payload.baseSeconds</c>; a header's name (<c>Idempotency-Key</c>) stays.</summary>
    internal static string CamelPath(string path) => path.Contains('-', StringComparison.Ordinal) ? path :
        string.Join('.', path.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));

    private static string? DefaultDetail(HttpContext context, int? status = null) => (status ?? context.Response.StatusCode) switch
    {
        404 => "Nothing is here; GET /openapi/v1.json lists every route.",
        405 => $"{context.Request.Method} is not allowed here; the Allow header lists what is.",
        406 => "This route cannot answer in a type that the Accept header allows.",
        413 => "The request body is larger than this service takes; for large files use POST /api/v1/objects/uploads.",
        415 => "The body's Content-Type is not one that this route reads; JSON routes read application/json.",
        _ => null,
    };

    [GeneratedRegex("""parameter "(?<type>\S+) (?<name>\w+)"(?: from "(?<value>.*)")?""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex BindingFailure();

    [LoggerMessage(3, LogLevel.Warning, "{Method} {Path}: the database does not answer ({Reason})")]
    private static partial void DatabaseAway(ILogger logger, string method, string path, string reason);

    [LoggerMessage(2, LogLevel.Error, "{Method} {Path} failed")]
    private static partial void Unhandled(ILogger logger, Exception exception, string method, string path);
}
