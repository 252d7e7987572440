using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using Modular.Storage.Domain;
using Modular.Storage.Objects;

namespace Modular.Storage.Http;

/// <summary>Sends an object, a range of it, or why not. Always as an attachment: bytes of a user's must never run as a page of this origin.</summary>
internal sealed class DownloadResult(ObjectDownload download) : IResult
{
    private const int CopyBytes = 128 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using var bytes = download.Bytes;
        var (stored, selection) = (download.Object, download.Selection);
        var response = httpContext.Response;
        response.Headers.ETag = stored.ETag;
        response.Headers.LastModified = stored.CreatedAt.ToString("R", CultureInfo.InvariantCulture);
        response.Headers.AcceptRanges = "bytes";
        // A key may point at other bytes a moment later: ask each time, which costs a 304. Nobody in between may recode the bytes under this tag.
        response.Headers.CacheControl = "private, no-cache, no-transform";
        switch (selection.Kind)
        {
            case SelectionKind.NotModified:
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            case SelectionKind.Unsatisfiable:
                response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{stored.Size}");
                await Unsatisfiable(stored.Size).ExecuteAsync(httpContext);
                return;
            case SelectionKind.Range:
                response.StatusCode = StatusCodes.Status206PartialContent;
                response.Headers.ContentRange =
                    string.Create(CultureInfo.InvariantCulture, $"bytes {selection.Offset}-{selection.Offset + selection.Length - 1}/{stored.Size}");
                break;
            default:
                response.StatusCode = StatusCodes.Status200OK;
                break;
        }

        response.ContentType = stored.ContentType;
        response.ContentLength = selection.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentDisposition = Attachment(stored.Key);
        if (bytes is not null)
        {
            await bytes.CopyToAsync(response.Body, CopyBytes, httpContext.RequestAborted);
        }
    }

    /// <summary>RFC 6266: an ASCII name for old clients and the real one beside it.</summary>
    internal static string Attachment(string key)
    {
        var disposition = new ContentDispositionHeaderValue("attachment");
        disposition.SetHttpFileName(key[(key.LastIndexOf('/') + 1)..]);
        return disposition.ToString();
    }

    private static ProblemHttpResult Unsatisfiable(long size) => TypedResults.Problem(
        string.Create(CultureInfo.InvariantCulture, $"The range lies outside the object, which has {size} bytes."),
        statusCode: StatusCodes.Status416RangeNotSatisfiable);
}
