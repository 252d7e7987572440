using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Prometheus;

namespace Modular.BuildingBlocks.Telemetry;

/// <summary><c>http_requests_total</c> and <c>http_request_duration_seconds</c>, labelled with the route template, never the raw path.</summary>
internal static class HttpMetrics
{
    private static readonly string[] Labels = ["method", "path", "status"];
    private static readonly string[] KnownMethods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];

    public static void UseHttpMetrics(this WebApplication app)
    {
        var metrics = app.Services.GetRequiredService<IMetricFactory>();
        var requests = metrics.CreateCounter("http_requests_total", "Requests answered.", Labels);
        var durations = metrics.CreateHistogram("http_request_duration_seconds", "Time to answer; health, metrics and event streams left out.", Labels);
        app.Use(async (context, next) =>
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                await next(context);
            }
            finally
            {
                // An exception clears the endpoint on its way to the handler, which keeps it aside.
                var endpoint = context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
                var path = (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? "unmatched";
                var method = KnownMethods.Contains(context.Request.Method, StringComparer.Ordinal) ? context.Request.Method : "OTHER";
                var status = context.Response.StatusCode.ToString(CultureInfo.InvariantCulture);
                requests.WithLabels(method, path, status).Inc();
                if (!IsUntimed(path))
                {
                    durations.WithLabels(method, path, status).Observe(Stopwatch.GetElapsedTime(started).TotalSeconds);
                }
            }
        });
    }

    private static bool IsUntimed(string path) =>
        path.Contains("/health", StringComparison.Ordinal) || path.EndsWith("/metrics", StringComparison.Ordinal) || path.EndsWith("/events", StringComparison.Ordinal);
}
