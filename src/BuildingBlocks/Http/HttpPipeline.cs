using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Security;
using Modular.BuildingBlocks.Telemetry;

namespace Modular.BuildingBlocks.Http;

/// <summary>What every request passes through, in order.</summary>
public static class HttpPipeline
{
    private const string NoContent = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    public static void AddHttp(this WebApplicationBuilder builder, HttpOptions options)
    {
        builder.Services.AddSingleton(options);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxRequestBytes;
            kestrel.Listen(builder.Environment.IsDevelopmentName() ? IPAddress.Loopback : IPAddress.IPv6Any, options.Port);
        });
        builder.Services.Configure<FormOptions>(form => form.MultipartBodyLengthLimit = options.MaxRequestBytes);
        builder.Services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        Problems.Add(builder.Services);
        builder.Services.AddScopePolicies();
        builder.Services.AddModularOpenApi();
    }

    public static void UseHttp(this WebApplication app)
    {
        app.UseRequestIds();
        app.UseRequestLog();
        app.UseHttpMetrics();
        app.UseSecurityHeaders();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
    }

    // Written when the answer starts, since the exception handler clears all headers that were set before.
    private static void UseSecurityHeaders(this WebApplication app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            // A page sets its own policy; what is no page needs nothing.
            headers.ContentSecurityPolicy = headers.ContentSecurityPolicy.Count > 0 ? headers.ContentSecurityPolicy : NoContent;
            if (context.Response.ContentType?.Contains("json", StringComparison.Ordinal) == true && headers.CacheControl.Count == 0)
            {
                headers.CacheControl = "no-store";
            }

            return Task.CompletedTask;
        });
        return next(context);
    });

    private static bool IsDevelopmentName(this Microsoft.Extensions.Hosting.IHostEnvironment environment) =>
        string.Equals(environment.EnvironmentName, "Development", StringComparison.OrdinalIgnoreCase);
}
