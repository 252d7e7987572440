using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Http.Limits;

namespace Modular.Ops.Pages;

/// <summary>What people see in a browser: the console, the API reference and their assets. Nothing on them comes from, or goes to, another host.</summary>
internal static class StaticPages
{
    private const string Tag = "Pages";

    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];

    public static void Map(IEndpointRouteBuilder routes)
    {
        var assets = new AssetCatalog();
        var console = assets.Render("console.html");
        var docs = assets.Render("docs.html");
        var pages = routes.MapGroup("").WithTags(Tag).ExcludeFromDescription().AllowAnonymous().Unrated();

        pages.MapMethods("/", Read, (HttpContext context) => Page(context, console, styles: "'self'")).WithName("ConsolePage").ProducesProblem(StatusCodes.Status500InternalServerError);

        pages.MapMethods("/docs", Read, (HttpContext context) =>
        {
            var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
            return Page(context, docs.Replace("{nonce}", nonce, StringComparison.Ordinal), $"'self' 'nonce-{nonce}'");
        }).WithName("DocsPage").ProducesProblem(StatusCodes.Status500InternalServerError);

        pages.MapMethods("/assets/{**path}", Read, (HttpContext context) =>
        {
            var asset = assets.Find(context.Request.Path.Value!) ?? throw Refusal.NotFound("No such asset (any more); the pages at / and /docs name those there are.");

            // Other bytes have another address: a browser asks once a year.
            context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
            context.Response.Headers.Vary = HeaderNames.AcceptEncoding;
            if (!TakesGzip(context.Request))
            {
                return Results.Bytes(asset.Plain, asset.ContentType, entityTag: asset.ETag);
            }

            context.Response.Headers.ContentEncoding = "gzip";
            return Results.Bytes(asset.Gzipped, asset.ContentType, entityTag: new EntityTagHeaderValue(asset.ETag.Tag, isWeak: true));
        }).WithName("Asset").ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static IResult Page(HttpContext context, string html, string styles)
    {
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self'; style-src {styles}; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        return Results.Text(html, "text/html; charset=utf-8");
    }

    private static bool TakesGzip(HttpRequest request) =>
        request.GetTypedHeaders().AcceptEncoding.Any(encoding => encoding.Value.Value is "gzip" or "*" && encoding.Quality is not 0);
}
