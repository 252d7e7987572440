using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Modular.Storage.Blobs.S3;

/// <summary>
/// Signs a request by its headers (AWS Signature Version 4), for the requests of a multipart upload: the Minio client keeps them to itself, and its own
/// multipart takes 525 MiB parts when the length is unknown, each held in memory twice.
/// </summary>
internal sealed class S3Signature(string accessKey, string secretKey, string region, TimeProvider time)
{
    // The body's hash is not known before it is sent; TLS protects it on its way, and the blob's own SHA-256 is checked besides.
    private const string Unsigned = "UNSIGNED-PAYLOAD";

    /// <summary>The query must be in order and encoded: it is signed as it stands.</summary>
    public void Sign(HttpRequestMessage request)
    {
        var url = request.RequestUri!;
        var now = time.GetUtcNow();
        var date = now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{date[..8]}/{region}/s3/aws4_request";
        const string Signed = "host;x-amz-content-sha256;x-amz-date";
        var host = url.IsDefaultPort ? url.Host : url.Authority;
        var canonical = string.Join(
            '\n', request.Method.Method, url.AbsolutePath, url.Query.TrimStart('?'), $"host:{host}", $"x-amz-content-sha256:{Unsigned}", $"x-amz-date:{date}", "", Signed, Unsigned);
        var text = string.Join('\n', "AWS4-HMAC-SHA256", date, scope, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))));
        var key = scope.Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + secretKey), Hmac);
        request.Headers.Host = host;
        request.Headers.Add("x-amz-date", date);
        request.Headers.Add("x-amz-content-sha256", Unsigned);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "AWS4-HMAC-SHA256", $"Credential={accessKey}/{scope}, SignedHeaders={Signed}, Signature={Convert.ToHexStringLower(Hmac(key, text))}");
    }

    private static byte[] Hmac(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}
