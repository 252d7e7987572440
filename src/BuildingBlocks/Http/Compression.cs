using System.IO.Compression;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Modular.BuildingBlocks.Http;

/// <summary>
/// Compresses what is text and made here, at the fastest level. Not objects (their bytes are the user's, under a strong tag: <c>no-transform</c>), not event
/// streams, not what comes compressed or carries a tag of its bytes.
/// </summary>
internal sealed class Compression(IServiceProvider services, IOptions<ResponseCompressionOptions> options) : ResponseCompressionProvider(services, options)
{
    private static readonly string[] Types =
        ["application/json", "application/problem+json", "application/openmetrics-text", "text/plain", "text/html", "text/css", "text/javascript", "image/svg+xml"];

    public override bool ShouldCompressResponse(HttpContext context) => IsCompressible(context.Response) && base.ShouldCompressResponse(context);

    internal static void Add(IServiceCollection services)
    {
        services.Configure<BrotliCompressionProviderOptions>(brotli => brotli.Level = CompressionLevel.Fastest);
        services.Configure<GzipCompressionProviderOptions>(gzip => gzip.Level = CompressionLevel.Fastest);
        services.AddResponseCompression(compression =>
        {
            // No answer repeats a caller's text beside a secret that it did not bring itself, which BREACH needs.
            compression.EnableForHttps = true;
            compression.MimeTypes = Types;
            compression.Providers.Add<BrotliCompressionProvider>();
            compression.Providers.Add<GzipCompressionProvider>();
        });
        services.AddSingleton<IResponseCompressionProvider, Compression>();
    }

    internal static void Use(WebApplication app)
    {
        app.Use((context, next) =>
        {
            context.Response.OnStarting(() =>
            {
                var response = context.Response;
                // The framework says so on the compressed variant only: a cache would hand the plain one to everybody, or the other way round.
                if (IsCompressible(response) && !response.Headers.Vary.ToString().Contains(HeaderNames.AcceptEncoding, StringComparison.OrdinalIgnoreCase))
                {
                    response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptEncoding);
                }

                return Task.CompletedTask;
            });
            return next(context);
        });
        app.UseResponseCompression();
    }

    private static bool IsCompressible(HttpResponse response)
    {
        var headers = response.Headers;
        return response.ContentType is { } type
            && Types.Any(known => type.StartsWith(known, StringComparison.OrdinalIgnoreCase))
            && headers.ETag.Count == 0
            && !headers.CacheControl.ToString().Contains("no-transform", StringComparison.Ordinal);
    }
}
