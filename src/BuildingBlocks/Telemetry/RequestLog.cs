using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Modular.BuildingBlocks.Telemetry;

/// <summary>One line per request: method, path without its query (queries may bear signatures), route, status, duration, client. No body and no header but the agent's name.</summary>
internal static partial class RequestLog
{
    private const int MaxAgent = 200;

    /// <summary>Asked every few seconds by machines.</summary>
    internal static readonly IReadOnlySet<string> Unlogged =
       
        new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "/api/v1/health", "/api/v1/health/live", "/api/v1/health/ready", "/api/v1/metrics" };

    public static void UseRequestLog(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Modular.Requests");
        app.Use(async (context, next) =>
        {
            if (Unlogged.Contains(context.Request.Path.Value ?? ""))
            {
                await next(context);
                return;
            }

            var started = Stopwatch.GetTimestamp();
            var isCutOff = true;
            try
            {
                await next(context);
                isCutOff = false;
            }
            finally
            {
                // The exception handler clears the endpoint; what it kept aside names the route.
                var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
                // An answer that broke off after its status was sent: the client saw no proper end.
                var status = isCutOff && context.Response.StatusCode < 400 ? StatusCodes.Status499ClientClosedRequest : context.Response.StatusCode;
                var agent = context.Request.Headers.UserAgent.ToString();
                Answered(
                    logger,
                    status switch { 503 => LogLevel.Warning, >= 500 => LogLevel.Error, _ => LogLevel.Information },
                    context.Request.Method,
                    context.Request.Path.Value,
                    status,
                    Stopwatch.GetElapsedTime(started).TotalMilliseconds,
                    (endpoint as RouteEndpoint)?.RoutePattern.RawText,
                    context.Connection.RemoteIpAddress?.ToString(),
                    agent.Length > MaxAgent ? agent[..MaxAgent] : agent,
                    context.TraceIdentifier,
                    Activity.Current?.TraceId.ToString());
            }
        });
    }

    [LoggerMessage(EventId = 20, Message = "{Method} {Path} → {Status} in {ElapsedMs:0.0} ms (route {Route}, client {ClientIp}, agent {UserAgent}, request {RequestId}, trace {TraceId})")]
    private static partial void Answered(
        ILogger logger, LogLevel level, string method, string? path, int status, double elapsedMs, string? route, string? clientIp, string userAgent, string requestId, string? traceId);
}
