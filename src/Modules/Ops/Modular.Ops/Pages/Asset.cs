using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Modular.Ops.Pages;

/// <summary>A file of the pages under an address that changes with its bytes, so that browsers may keep it for ever.</summary>
/// <param name="Address">Its path, <c>/assets/{fingerprint}/{file name}</c>.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Plain">Its bytes.</param>
/// <param name="Gzipped">The same for clients that take gzip: zipped once, not for each request.</param>
/// <param name="ETag">The strong tag of its bytes.</param>
internal sealed record Asset(string Address, string ContentType, byte[] Plain, byte[] Gzipped, EntityTagHeaderValue ETag)
{
    private const int FingerprintLength = 16;

    public static Asset Of(string name, byte[] plain, byte[]? gzipped = null)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(plain));
        var file = Path.GetFileName(name);
        return new Asset($"/assets/{hash[..FingerprintLength]}/{file}", TypeOf(file), plain, gzipped ?? Zip(plain), new EntityTagHeaderValue($"\"{hash}\""));
    }

    private static string TypeOf(string file) => Path.GetExtension(file) switch
    {
        ".js" or ".mjs" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".txt" => "text/plain; charset=utf-8",
        var other => throw new InvalidOperationException($"No content type is known for {other}."),
    };

    private static byte[] Zip(byte[] plain)
    {
        using var bytes = new MemoryStream();
        using (var stream = new GZipStream(bytes, CompressionLevel.SmallestSize))
        {
            stream.Write(plain);
        }

        return bytes.ToArray();
    }
}
