using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Modular.BuildingBlocks.Telemetry;

/// <summary>One line per request: method, path without its query (queries may bear signatures), route, status, duration, client.</summary>
internal static partial class RequestLog
{
    public static void UseRequestLog(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Modular.Requests");
        app.Use(async (context, next) =>
        {
            var started = Stopwatch.GetTimestamp();
            Endpoint? endpoint = null;
            context.Response.OnStarting(() =>
            {
                endpoint = context.GetEndpoint();
                return Task.CompletedTask;
            });
            try
            {
                await next(context);
            }
            finally
            {
                // The exception handler clears the endpoint before the answer starts; what it kept aside names the route.
                endpoint ??= context.GetEndpoint();
                var handled = context.Features.Get<Microsoft.AspNetCore.Diagnostics.IExceptionHandlerFeature>()?.Endpoint;
                var path = context.Request.Path.Value ?? "";
                var level = IsProbe(path) ? LogLevel.Trace : context.Response.StatusCode >= 500 ? LogLevel.Error : LogLevel.Information;
                Answered(
                    logger,
                    level,
                    context.Request.Method,
                    path,
                    ((endpoint ?? handled) as RouteEndpoint)?.RoutePattern.RawText,
                    context.Response.StatusCode,
                    Stopwatch.GetElapsedTime(started).TotalMilliseconds,
                    context.Request.Headers.UserAgent.ToString(),
                    context.Connection.RemoteIpAddress?.ToString(),
                    context.TraceIdentifier);
            }
        });
    }

    private static bool IsProbe(string path) =>
        path.StartsWith("/api/v1/health", StringComparison.Ordinal) || path.Equals("/api/v1/metrics", StringComparison.Ordinal);

    [LoggerMessage(EventId = 20, Message = "{Method} {Path} → {Status} in {ElapsedMs:0.0} ms (route {Route}, client {ClientIp}, agent {UserAgent}, request {RequestId})")]
    private static partial void Answered(
        ILogger logger, LogLevel level, string method, string path, string? route, int status, double elapsedMs, string userAgent, string? clientIp, string requestId);
}
