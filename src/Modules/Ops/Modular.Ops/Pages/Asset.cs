using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;
using Scalar.AspNetCore;

namespace Modular.Ops.Pages;

/// <summary>A file of the pages, out of an assembly.</summary>
/// <param name="ContentType">Its media type.</param>
/// <param name="Plain">Its bytes.</param>
/// <param name="Gzipped">The same for clients that take gzip: zipped once, not for each request.</param>
/// <param name="ETag">The strong tag of its bytes.</param>
internal sealed record Asset(string ContentType, byte[] Plain, byte[] Gzipped, EntityTagHeaderValue ETag)
{
    private const string OwnPrefix = "Modular.Ops.Pages.Content.";

    // The package carries it gzipped. Its own page is not used: that one has an inline script, which the policy forbids.
    private const string Reference = "ScalarStaticAssets.scalar.js";

    /// <summary>What <c>/assets/{name}</c> serves, by name.</summary>
    public static IReadOnlyDictionary<string, Asset> LoadAll()
    {
        var assets = new Dictionary<string, Asset>(StringComparer.Ordinal);
        var own = typeof(Asset).Assembly;
        foreach (var resource in own.GetManifestResourceNames().Where(name => name.StartsWith(OwnPrefix, StringComparison.Ordinal) && !name.EndsWith(".html", StringComparison.Ordinal)))
        {
            var name = resource[OwnPrefix.Length..];
            var plain = Read(own, resource);
            assets[name] = Of(name, plain, Zip(plain));
        }

        var reference = Read(typeof(ScalarOptions).Assembly, Reference);
        assets["scalar.js"] = Of("scalar.js", Unzip(reference), reference);
        return assets;
    }

    public static string ReadPage(string name) => System.Text.Encoding.UTF8.GetString(Read(typeof(Asset).Assembly, OwnPrefix + name));

    private static Asset Of(string name, byte[] plain, byte[] gzipped) => new(
        Path.GetExtension(name) switch
        {
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            var other => throw new InvalidOperationException($"No content type is known for {other}."),
        },
        plain,
        gzipped,
        new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(plain))}\""));

    private static byte[] Read(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no resource {resource}.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static byte[] Zip(byte[] plain)
    {
        using var bytes = new MemoryStream();
        using (var stream = new GZipStream(bytes, CompressionLevel.SmallestSize))
        {
            stream.Write(plain);
        }

        return bytes.ToArray();
    }

    private static byte[] Unzip(byte[] gzipped)
    {
        using var stream = new GZipStream(new MemoryStream(gzipped), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
