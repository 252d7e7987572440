using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Modular.BuildingBlocks.Security;

namespace Modular.Ops.Authentication;

/// <summary>
/// The console's sessions: a signed cookie that names a key and an end, so that no replica keeps state and an operator stays signed in while
/// the database is down. The key is looked up on each request: revoking it ends its sessions.
/// </summary>
internal sealed class Sessions(ISecretKeys secrets, KeyRing keys, TimeProvider time)
{
    public const string CookieName = "modular_session";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    private readonly Lazy<byte[]> _key = new(() => secrets.Derive("ops.sessions"));

    /// <summary>How the cookie is set and taken away: no script reads it, no other site sends it.</summary>
    public static CookieOptions Cookie(bool isHttps, DateTimeOffset? expiresAt) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = isHttps, Path = "/", Expires = expiresAt };

    public (string Token, DateTimeOffset ExpiresAt) Issue(Caller caller)
    {
        var expiresAt = time.GetUtcNow().Add(Lifetime);
        var claims = string.Create(CultureInfo.InvariantCulture, $"{expiresAt.ToUnixTimeSeconds()}.{caller.Id}");
        return ($"{Base64Url.EncodeToString(Sign(claims))}.{claims}", expiresAt);
    }

    /// <summary>The caller of a token; null when it is forged or over, or its key is gone.</summary>
    public async Task<Caller?> FindAsync(string token, CancellationToken cancellationToken)
    {
        if (token.Split('.', 3) is not [var signature, var end, var id]
            || !Base64Url.IsValid(signature)
            || !CryptographicOperations.FixedTimeEquals(Base64Url.DecodeFromChars(signature), Sign($"{end}.{id}"))
            || long.Parse(end, CultureInfo.InvariantCulture) <= time.GetUtcNow().ToUnixTimeSeconds())
        {
            return null;
        }

        return await keys.FindByIdAsync(id, cancellationToken);
    }

    private byte[] Sign(string claims)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key.Value);
        hmac.AppendData(Encoding.UTF8.GetBytes(claims));
        hmac.AppendData(keys.AdminHash);
        return hmac.GetHashAndReset();
    }
}
