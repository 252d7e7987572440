using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Modular.BuildingBlocks.Http;
using Modular.Storage.Domain;

namespace Modular.Storage.Http;

/// <summary>Takes the key from the raw request target: the decoded path has lost the difference between <c>a%2Fb</c> and <c>a/b</c>, and its dot segments.</summary>
internal static class RequestKey
{
    public const string Objects = "/api/v1/objects/";

    public const string SignedObjects = "/api/v1/signed/objects/";

    /// <exception cref="Refusal">400 on <c>key</c>: what follows <paramref name="route"/> is no key.</exception>
    public static ObjectKey ReadKey(this HttpContext context, string route = Objects)
    {
        var path = RawPath(context);
        if (!path.StartsWith(route, StringComparison.OrdinalIgnoreCase))
        {
            throw Refusal.Invalid("key", $"must follow {route} as it is: the path before it may not be encoded");
        }

        return ObjectKey.TryParseEncoded(path[route.Length..], out var key, out var problem) ? key! : throw Refusal.Invalid("key", problem!);
    }

    /// <summary>The name of a job's artifact, which is decoded and checked as a key is: it may be one.</summary>
    /// <exception cref="Refusal">400 on <c>name</c>.</exception>
    public static string ReadArtifactName(this HttpContext context)
    {
        const string Segment = "/artifacts/";
        var path = RawPath(context);
        var start = path.IndexOf(Segment, StringComparison.OrdinalIgnoreCase);
        return ObjectKey.TryParseEncoded(start < 0 ? "" : path[(start + Segment.Length)..], out var name, out var problem) ? name!.Value : throw Refusal.Invalid("name", problem!);
    }

    /// <summary>The path as it came over the wire, still encoded.</summary>
    public static string RawPath(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var end = target.IndexOfAny(['?', '#']);
        target = end < 0 ? target : target[..end];

        // The absolute form, as it is sent to proxies: http://host/path.
        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme >= 0 && !target.StartsWith('/'))
        {
            var path = target.IndexOf('/', scheme + 3);
            return path < 0 ? "/" : target[path..];
        }

        return target;
    }
}
