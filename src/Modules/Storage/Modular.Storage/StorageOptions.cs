using Modular.BuildingBlocks.Configuration;

namespace Modular.Storage;

/// <summary>Where objects are kept.</summary>
/// <param name="Path">The folder of the filesystem store.</param>
/// <param name="S3">The S3 store; null for the filesystem.</param>
/// <param name="MaxUploadBytes">Largest object sent to a signed upload URL.</param>
public sealed record StorageOptions(string Path, S3Options? S3, long MaxUploadBytes)
{
    private const long Mebibyte = 1024 * 1024;

    /// <summary>Reads and checks the variables; problems are noted in <paramref name="settings"/>.</summary>
    public static StorageOptions Read(Settings settings)
    {
        var endpoint = settings.Text("S3_ENDPOINT", null, "the S3 server as http(s)://host:port");
        var provider = settings.Choice(
            "STORAGE_PROVIDER", endpoint is null ? "filesystem" : "s3", ["filesystem", "s3"], "filesystem, or s3 (the default when S3_ENDPOINT is set)");
        var path = settings.Text("STORAGE_PATH", "./data/objects", "the folder of the filesystem store")!;
        var s3 = S3Options.Read(settings, endpoint, isUsed: provider == "s3");
        var upload = settings.WholeNumber("MAX_UPLOAD_SIZE_MB", 5120, 1, 5 * 1024 * 1024, "largest object, in MiB, sent to a signed upload URL");
        return new StorageOptions(path, provider == "s3" ? s3 : null, upload * Mebibyte);
    }
}

/// <summary>How an S3 server is reached; addresses are path-style.</summary>
/// <param name="Endpoint">The server as this service reaches it.</param>
/// <param name="PublicEndpoint">The server as clients reach it; null: clients send their bytes to this service.</param>
/// <param name="AccessKey">The access key id.</param>
/// <param name="SecretKey">The secret access key.</param>
/// <param name="Bucket">Made when missing; it should hold nothing else.</param>
/// <param name="Region">Part of every signature.</param>
public sealed record S3Options(Uri Endpoint, Uri? PublicEndpoint, string AccessKey, string SecretKey, string Bucket, string Region)
{
    internal static S3Options? Read(Settings settings, string? endpoint, bool isUsed)
    {
        var access = settings.Text("S3_ACCESS_KEY", null, "the access key id");
        var secret = settings.Text("S3_SECRET_KEY", null, "the secret access key", secret: true);
        var bucket = settings.Text("S3_BUCKET", "modular", "the bucket; made when missing")!;
        var region = settings.Text("S3_REGION", "us-east-1", "the region that signatures name")!;
        var publicEndpoint = settings.Text("S3_PUBLIC_ENDPOINT", null, "the S3 server as clients reach it; set: large files go straight to it");
        if (!isUsed)
        {
            return null;
        }

        if (access is null)
        {
            settings.AddProblem("S3_ACCESS_KEY is required: the access key id of the S3 store");
        }

        if (secret is null)
        {
            settings.AddProblem("S3_SECRET_KEY is required: the secret access key of the S3 store");
        }

        if (bucket.Length is < 3 or > 63 || !bucket.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.') || !char.IsAsciiLetterOrDigit(bucket[0]))
        {
            settings.AddProblem($"S3_BUCKET is \"{bucket}\": it must be 3 to 63 lower-case letters, digits, dots and hyphens, a letter or digit first");
        }

        if (endpoint is null)
        {
            settings.AddProblem("S3_ENDPOINT is required: the S3 server as http(s)://host:port");
        }

        var url = Address(settings, "S3_ENDPOINT", endpoint);
        var publicUrl = Address(settings, "S3_PUBLIC_ENDPOINT", publicEndpoint);
        return url is null ? null : new S3Options(url, publicUrl, access ?? "", secret ?? "", bucket, region);
    }

    private static Uri? Address(Settings settings, string name, string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.AbsolutePath == "/" && url.Query.Length == 0 && url.UserInfo.Length == 0)
        {
            return url;
        }

        // Not repeated: it may hold a password.
        settings.AddProblem($"{name} must be http(s)://host:port, without a path or a user");
        return null;
    }
}
