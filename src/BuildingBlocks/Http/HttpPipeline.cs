using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Http.Limits;
using Modular.BuildingBlocks.Security;
using Modular.BuildingBlocks.Telemetry;

namespace Modular.BuildingBlocks.Http;

/// <summary>What every request passes through, in order.</summary>
public static class HttpPipeline
{
    public static void AddHttp(this WebApplicationBuilder builder, HttpOptions options)
    {
        builder.Services.AddSingleton(options);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // BodyLimits counts instead.
            kestrel.Limits.MaxRequestBodySize = null;
            if (builder.Environment.IsDevelopment())
            {
                kestrel.Listen(System.Net.IPAddress.Loopback, options.Port);
            }
            else
            {
                // IPv6 and IPv4, or IPv4 alone where there is no IPv6.
                kestrel.ListenAnyIP(options.Port);
            }
        });
        builder.Services.ConfigureHttpJsonOptions(json => Json.Configure(json.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddSingleton(options.Limits).AddSingleton<RateLimiter>().AddSingleton<StreamLimits>();
        builder.Services.AddCrossOrigin(options.Origins);
        Compression.Add(builder.Services);
        Problems.Add(builder.Services);
        builder.Services.AddScopePolicies();
        builder.Services.AddModularOpenApi();
    }

    public static void UseHttp(this WebApplication app)
    {
        app.UseRequestIds();
        app.UseClientAddress();
        app.UseRequestLog();
        app.UseRequestSpans();
        app.UseHttpMetrics();
        app.UseSecurityHeaders();
        app.UseDraining();
        Compression.Use(app);
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseRouting();
        CrossOrigin.Use(app);
        app.UseWrongKeyLimit();
        app.UseAuthentication();
        app.UseRateLimits();
        app.UseAuthorization();
        app.UseBodyLimits();
    }
}
