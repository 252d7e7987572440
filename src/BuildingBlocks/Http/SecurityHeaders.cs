using Microsoft.AspNetCore.Builder;

namespace Modular.BuildingBlocks.Http;

/// <summary>What browsers must know about every answer.</summary>
internal static class SecurityHeaders
{
    private const string NoContent = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    // Written when the answer starts, since the exception handler clears all headers that were set before.
    public static void UseSecurityHeaders(this WebApplication app) => app.Use((context, next) =>
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

            if (context.Request.IsHttps)
            {
                // Browsers ignore it over plain HTTP. A year, this host alone: what runs on its subdomains is not ours to say.
                headers.StrictTransportSecurity = "max-age=31536000";
            }

            return Task.CompletedTask;
        });
        return next(context);
    });
}
