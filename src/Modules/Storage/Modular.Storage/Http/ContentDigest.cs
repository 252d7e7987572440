using Microsoft.AspNetCore.Http;
using Modular.BuildingBlocks.Http;

namespace Modular.Storage.Http;

/// <summary>The <c>Content-Digest</c> header (RFC 9530): what the sender says that the SHA-256 of the body is.</summary>
internal static class ContentDigest
{
    private const string Header = "Content-Digest";

    /// <returns>Lower-case hex, or null when the header is not there.</returns>
    /// <exception cref="Refusal">400: it holds no SHA-256. A sender who asks for a check must not believe in one that did not happen.</exception>
    public static string? ReadContentDigest(this HttpRequest request)
    {
        var header = request.Headers[Header].ToString();
        if (header.Length == 0)
        {
            return null;
        }

        Span<byte> hash = stackalloc byte[33];
        foreach (var member in header.Split(',', StringSplitOptions.TrimEntries))
        {
            if (member.StartsWith("sha-256=:", StringComparison.Ordinal) && member.EndsWith(':')
                && Convert.TryFromBase64String(member["sha-256=:".Length..^1], hash, out var length) && length == 32)
            {
                return Convert.ToHexStringLower(hash[..length]);
            }
        }

        throw Refusal.Invalid(Header, "must hold sha-256=:BASE64: with the 32 bytes of the body's SHA-256");
    }

    /// <exception cref="Refusal">400: the body is not what its sender says.</exception>
    public static Refusal Mismatch(string expected, string actual) =>
        Refusal.Invalid(Header, $"must be the SHA-256 of the body: it says {expected}, the body that arrived has {actual}; send it again");
}
