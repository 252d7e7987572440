using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;

namespace Modular.Storage.Http;

/// <summary>
/// URLs that carry their own permission: one method on one thing until one time, signed (HMAC-SHA256) with a key that every replica derives from the
/// deployment's secret.
/// </summary>
internal sealed class SignedUrls(ISecretKeys keys)
{
    /// <summary>The lifetime of a signed URL in seconds: a week, which is also what S3 allows.</summary>
    public const int MaxSeconds = 7 * 24 * 3600;

    // Derived late: the secret is there once the Host has started.
    private readonly Lazy<byte[]> _key = new(() => keys.Derive("storage.signed-urls"));

    /// <param name="path">The encoded path.</param>
    /// <param name="subject">What the permission is for: the key or the upload's id.</param>
    /// <param name="permission">Method, expiry and size.</param>
    /// <returns>The URL behind this service's address.</returns>
    public Uri Sign(string path, string subject, UrlPermission permission) => new(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{path}?expires={permission.ExpiresAt.ToUnixTimeSeconds()}&size={permission.Size}&signature={Base64Url.EncodeToString(Compute(subject, permission))}"),
        UriKind.Relative);

    /// <exception cref="Refusal">403: the URL was changed, or not made here. Whether it has expired is for the database's clock to say.</exception>
    public void Verify(string subject, UrlPermission permission, string? signature)
    {
        Span<byte> given = stackalloc byte[64];
        var length = 0;
        if (signature is not { Length: <= 64 } || !Base64Url.IsValid(signature) || !Base64Url.TryDecodeFromChars(signature, given, out length)
            || !CryptographicOperations.FixedTimeEquals(given[..length], Compute(subject, permission)))
        {
            throw Forbidden("The URL's signature does not fit; use it exactly as it was given.");
        }
    }

    public static Refusal Forbidden(string detail) => new(StatusCodes.Status403Forbidden, detail);

    // Line breaks split the parts: no method, number or key holds one.
    private byte[] Compute(string subject, UrlPermission permission) => HMACSHA256.HashData(_key.Value, Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"{permission.Method}\n{subject}\n{permission.ExpiresAt.ToUnixTimeSeconds()}\n{permission.Size}")));
}

/// <summary>What a signed URL allows.</summary>
/// <param name="Method">PUT or GET.</param>
/// <param name="ExpiresAt">In whole seconds.</param>
/// <param name="Size">Bytes that may be sent; 0 for a download.</param>
internal sealed record UrlPermission(string Method, DateTimeOffset ExpiresAt, long Size)
{
    /// <summary>The last second that there is a date for.</summary>
    public const long MaxExpires = 253402300799;

    public static UrlPermission Of(string method, long expires, long size) => new(method, DateTimeOffset.FromUnixTimeSeconds(expires), size);
}

internal static class ServiceUrl
{
    /// <summary>A URL of this service made whole, with the address by which the client of this request reaches it; one that leads elsewhere stays as it is.</summary>
    public static Uri Absolute(this HttpContext context, Uri url) => new(new Uri($"{context.Request.Scheme}://{context.Request.Host.ToUriComponent()}"), url);

    /// <summary>A key as the path of a URL: everything but the slashes encoded.</summary>
    public static string Encode(string key) => string.Join('/', key.Split('/').Select(Uri.EscapeDataString));
}
