using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Modular.BuildingBlocks.Http;

/// <summary>CORS: what browsers let pages of other sites do here.</summary>
internal static class CrossOrigin
{
    private static readonly TimeSpan PreflightIsKept = TimeSpan.FromHours(1);

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "DELETE"];

    private static readonly string[] Asked =
    [
        "Accept", "Authorization", "Content-Digest", "Content-Type", "Idempotency-Key", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
        "Last-Event-ID", "Range", "X-Expires-In", "X-Request-Id", "traceparent",
    ];

    private static readonly string[] Exposed = ["Location", "ETag", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-Id", "Content-Range"];

    public static void AddCrossOrigin(this IServiceCollection services, OriginOptions origins) => services.AddCors(cors => cors.AddDefaultPolicy(policy =>
    {
        policy.WithMethods(Methods).WithHeaders(Asked).WithExposedHeaders(Exposed).SetPreflightMaxAge(PreflightIsKept);
        Allow(policy, origins);
    }));

    public static void Use(WebApplication app)
    {
        var origins = app.Services.GetRequiredService<HttpOptions>().Origins;
        if (origins.IsAnyAllowed || origins.Allowed.Count > 0)
        {
            app.Use((context, next) =>
            {
                context.Response.OnStarting(() =>
                {
                    // The framework says so on answers to allowed origins only: a cache would hand the others' answer to an allowed one.
                    if (!context.Response.Headers.Vary.ToString().Contains(HeaderNames.Origin, StringComparison.OrdinalIgnoreCase))
                    {
                        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Origin);
                    }

                    return Task.CompletedTask;
                });
                return next(context);
            });
        }

        app.UseCors();
    }

    private static void Allow(CorsPolicyBuilder policy, OriginOptions origins)
    {
        if (origins.IsAnyAllowed)
        {
            // Browsers refuse "*" together with credentials: the origin is repeated instead.
            policy.SetIsOriginAllowed(_ => true).AllowCredentials();
        }
        else if (origins.Allowed.Count > 0)
        {
            policy.WithOrigins([.. origins.Allowed]).AllowCredentials();
        }
    }
}
