using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Modular.BuildingBlocks.Http;

namespace Modular.Ops.Authentication;

/// <summary>
/// What a browser sends along by itself (the session's cookie, or nothing where everyone may do everything) proves nothing about who wrote the request:
/// a page of a sibling host sends a strict cookie too, and a form needs no preflight. So changes that come without a key must come from a page of this
/// service, of a listed origin, or from no page at all.
/// </summary>
internal sealed class OwnPages(HttpOptions options)
{
    private const string FetchSite = "Sec-Fetch-Site";

    /// <exception cref="Refusal">403: a page of another site sent this change.</exception>
    public void Check(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || IsOwn(request) || IsListed(request.Headers.Origin.ToString()))
        {
            return;
        }

        throw new Refusal(
            StatusCodes.Status403Forbidden,
            "A page of another site sent this request with the session of its visitor: send an API key in the Authorization header, or have the page's origin listed in ALLOWED_ORIGINS.");
    }

    private static bool IsOwn(HttpRequest request)
    {
        if (request.Headers[FetchSite].ToString() is { Length: > 0 } site)
        {
            return site is "same-origin" or "none";
        }

        // Browsers leave it out over plain HTTP; what is no browser sends neither. Proxies keep the host more often than the scheme, so only the host counts.
        var origin = request.Headers[HeaderNames.Origin].ToString();
        return origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var from) && string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    private bool IsListed(string origin) => options.Origins.IsAnyAllowed || options.Origins.Allowed.Contains(origin, StringComparer.OrdinalIgnoreCase);
}
