using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Scalar.AspNetCore;

namespace Modular.Ops.Pages;

/// <summary>
/// The files of the pages, out of the assemblies. Files name each other as they lie in the folder; here each name becomes an address with a fingerprint,
/// also inside of scripts, so that a changed module changes the address of every module that imports it.
/// </summary>
internal sealed partial class AssetCatalog
{
    private const string Folder = "Pages/Content/";

    // The package carries it gzipped. Its own page is not used: that one has an inline script, which the policy forbids.
    private const string Reference = "ScalarStaticAssets.scalar.js";

    private const string Preact = "vendor/preact-11.2.0.mjs";

    private static readonly Assembly Own = typeof(AssetCatalog).Assembly;

    private readonly Dictionary<string, Asset> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Asset> _byAddress = new(StringComparer.Ordinal);
    private readonly HashSet<string> _loading = new(StringComparer.Ordinal);

    public AssetCatalog()
    {
        var reference = Read(typeof(ScalarOptions).Assembly, Reference);
        Add("scalar.js", Asset.Of("scalar.js", Unzip(reference), reference));
        foreach (var resource in Own.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal) && !name.EndsWith(".html", StringComparison.Ordinal)))
        {
            Load(resource[Folder.Length..]);
        }
    }

    public Asset? Find(string address) => _byAddress.GetValueOrDefault(address);

    /// <summary>A page with addresses where it names files, and, where it says <c>{modules}</c>, hints that fetch all modules of the console at once.</summary>
    public string Render(string page)
    {
        var html = AssetName().Replace(Encoding.UTF8.GetString(Read(Own, Folder + page)), match => Load(match.Groups["name"].Value).Address);
        return html.Replace("{modules}", string.Concat(Modules().Select(address => $"<link rel=\"modulepreload\" href=\"{address}\">\n  ")), StringComparison.Ordinal);
    }

    private IEnumerable<string> Modules() => _byName
        .Where(asset => asset.Key.StartsWith("console/", StringComparison.Ordinal) || asset.Key.StartsWith("vendor/", StringComparison.Ordinal))
        .Where(asset => asset.Value.ContentType.StartsWith("text/javascript", StringComparison.Ordinal))
        .Select(asset => asset.Value.Address);

    private Asset Load(string name)
    {
        if (_byName.TryGetValue(name, out var known))
        {
            return known;
        }

        if (!_loading.Add(name))
        {
            throw new InvalidOperationException($"{name} imports itself by way of others: such a circle has no fingerprint.");
        }

        var bytes = Read(Own, Folder + name);
        return Add(name, Asset.Of(name, name.EndsWith("js", StringComparison.Ordinal) ? WithAddresses(name, bytes) : bytes));
    }

    private Asset Add(string name, Asset asset)
    {
        _byName.Add(name, asset);
        _byAddress.Add(asset.Address, asset);
        return asset;
    }

    private byte[] WithAddresses(string name, byte[] script)
    {
        var folder = new Uri(new Uri("file:///"), name);
        return Encoding.UTF8.GetBytes(Import().Replace(Encoding.UTF8.GetString(script), match =>
        {
            var imported = match.Groups["name"].Value;
            return match.Groups["before"].Value + Load(imported == "preact" ? Preact : new Uri(folder, imported).AbsolutePath[1..]).Address + match.Groups["after"].Value;
        }));
    }

    private static byte[] Read(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{assembly.GetName().Name} has no resource {resource}.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static byte[] Unzip(byte[] gzipped)
    {
        using var stream = new GZipStream(new MemoryStream(gzipped), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    [GeneratedRegex("(?<before>\\b(?:from|import)\\s*[\"'])(?<name>preact|\\.{1,2}/[^\"']+)(?<after>[\"'])", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Import();

    [GeneratedRegex("/assets/(?<name>[^\"]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex AssetName();
}
