using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Hosting;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Modular.BuildingBlocks.Telemetry;

/// <summary>Sends the spans of requests, of jobs and of what they call to an OpenTelemetry collector, when one is named.</summary>
internal static class Tracing
{
    public static void AddTraceExport(this IHostApplicationBuilder builder, Settings settings)
    {
        var endpoint = settings.Text("OTEL_EXPORTER_OTLP_ENDPOINT", null, "the OpenTelemetry collector as http(s)://host:port (OTLP over HTTP); traces are exported when set");
        if (endpoint is null)
        {
            return;
        }

        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0 || url.Query.Length > 0)
        {
            // Not repeated: it may hold a password.
            settings.AddProblem("OTEL_EXPORTER_OTLP_ENDPOINT must be http(s)://host:port, without a user or a query");
            return;
        }

        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddService("modular", serviceVersion: BuildInfo.Version, serviceInstanceId: Environment.MachineName))
            .WithTracing(tracing => tracing
                .AddSource("Microsoft.AspNetCore", "Modular.Jobs", "System.Net.Http")
                .SetSampler(new ParentBasedSampler(new RequestsOnly()))
                .AddOtlpExporter(exporter =>
                {
                    exporter.Protocol = OtlpExportProtocol.HttpProtobuf;
                    exporter.Endpoint = new Uri($"{url.AbsoluteUri.TrimEnd('/')}/v1/traces");
                }));
    }

    /// <summary>Names the request's span by its route; those of supervisors and scrapers are not sent.</summary>
    public static void UseRequestSpans(this WebApplication app) => app.Use(async (context, next) =>
    {
        if (Activity.Current is not { IsAllDataRequested: true } span)
        {
            await next(context);
            return;
        }

        if (RequestLog.Unlogged.Contains(context.Request.Path.Value ?? ""))
        {
            (span.IsAllDataRequested, span.ActivityTraceFlags) = (false, span.ActivityTraceFlags & ~ActivityTraceFlags.Recorded);
            await next(context);
            return;
        }

        try
        {
            await next(context);
        }
        finally
        {
            var route = ((context.GetEndpoint() ?? context.Features.Get<IExceptionHandlerFeature>()?.Endpoint) as RouteEndpoint)?.RoutePattern.RawText ?? "unmatched";
            span.DisplayName = $"{context.Request.Method} {route}";
            span.SetTag("http.request.method", context.Request.Method).SetTag("http.route", route).SetTag("http.response.status_code", context.Response.StatusCode)
                .SetTag("modular.request.id", context.TraceIdentifier);
            span.SetStatus(context.Response.StatusCode >= StatusCodes.Status500InternalServerError ? ActivityStatusCode.Error : ActivityStatusCode.Unset);
        }
    });

    /// <summary>Traces begin with a request; what this service does by itself, such as asking the object store how it is, begins none.</summary>
    private sealed class RequestsOnly : Sampler
    {
        public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
            new(samplingParameters.Kind == ActivityKind.Server ? SamplingDecision.RecordAndSample : SamplingDecision.Drop);
    }
}
