using System.Globalization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace Modular.BuildingBlocks.Http.Limits;

/// <summary>
/// Requests per minute and client: 429 with the exact <c>Retry-After</c>, and <c>RateLimit</c> and <c>RateLimit-Policy</c> on every counted answer
/// (draft-ietf-httpapi-ratelimit-headers).
/// </summary>
public static class RateLimits
{
    /// <summary>The claim of a caller whose key has a rate of its own.</summary>
    public const string OwnRateClaim = "rate_limit_per_minute";

    /// <summary>Counts against the smaller allowance too: the route does the work of many requests, or is worth guessing at.</summary>
    public static TBuilder Expensive<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(ExpensiveRoute.Instance);

    /// <summary>Is not counted: supervisors and scrapers must never be refused, static files cost nothing, streams are capped by number.</summary>
    public static TBuilder Unrated<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(UnratedRoute.Instance);

    /// <summary>Before authentication: who presented too many wrong keys costs no further look-up.</summary>
    internal static void UseWrongKeyLimit(this WebApplication app)
    {
        var limiter = app.Services.GetRequiredService<RateLimiter>();
        app.Use((context, next) =>
        {
            var bringsKey = context.Request.Headers.Authorization.Count > 0 || context.Request.Headers.Cookie.Count > 0;
            return bringsKey && limiter.WaitAfterWrongKeys(context) is { } wait
                ? RefuseAsync(context, wait, "Too many wrong API keys came from this address")
                : next(context);
        });
    }

    /// <summary>After authentication, which says whether the caller's key has its own rate, and before authorization.</summary>
    internal static void UseRateLimits(this WebApplication app)
    {
        var limiter = app.Services.GetRequiredService<RateLimiter>();
        app.Use(async (context, next) =>
        {
            // The middleware before this one drops failures; the scheme remembers its answer.
            var isWrongKey = (await context.AuthenticateAsync()).Failure is not null;
            var leases = limiter.Take(context, isWrongKey);
            if (leases.Count == 0)
            {
                await next(context);
                return;
            }

            // When the answer starts, since the exception handler clears all headers that were set before.
            context.Response.OnStarting(() =>
            {
                context.Response.Headers["RateLimit-Policy"] = string.Join(", ", leases.Select(one =>
                    string.Create(CultureInfo.InvariantCulture, $"\"{one.Policy}\";q={one.Lease.Limit};w={(int)FixedWindows.Length.TotalSeconds}")));
                context.Response.Headers["RateLimit"] = string.Join(", ", leases.Select(one =>
                    string.Create(CultureInfo.InvariantCulture, $"\"{one.Policy}\";r={one.Lease.Remaining};t={one.Lease.ResetSeconds}")));
                return Task.CompletedTask;
            });
            await (leases.All(one => one.Lease.IsGranted)
                ? next(context)
                : RefuseAsync(context, leases.Where(one => !one.Lease.IsGranted).Max(one => one.Lease.ResetSeconds), "This client sends more requests than it may"));
        });
    }

    // Written here, not thrown: a flood must cost as little as possible.
    private static async Task RefuseAsync(HttpContext context, int seconds, string reason)
    {
        context.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        context.Response.Headers[HeaderNames.RetryAfter] = seconds.ToString(CultureInfo.InvariantCulture);
        var problems = context.RequestServices.GetRequiredService<IProblemDetailsService>();
        await problems.WriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = new ProblemDetails
            {
                Status = StatusCodes.Status429TooManyRequests,
                Detail = string.Create(CultureInfo.InvariantCulture, $"{reason}; try again in {seconds} s."),
            },
        });
    }
}

/// <summary>Marks what <see cref="RateLimits.Expensive"/> says.</summary>
public sealed class ExpensiveRoute
{
    internal static ExpensiveRoute Instance { get; } = new();
}

/// <summary>Marks what <see cref="RateLimits.Unrated"/> says.</summary>
public sealed class UnratedRoute
{
    internal static UnratedRoute Instance { get; } = new();
}
