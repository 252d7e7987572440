using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Modular.BuildingBlocks.Security;
using Modular.Ops.Persistence;

namespace Modular.Ops.Authentication;

/// <summary>
/// The console's sessions: a signed cookie that names a key and an end, so that no replica keeps open sessions and an operator stays signed in while
/// the database is down. The key is looked up on each request: revoking it ends its sessions. Those that were signed out of are kept until their end.
/// </summary>
internal sealed class Sessions(ISecretKeys secrets, KeyRing keys, EndedSessions ended, TimeProvider time)
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
        var claims = string.Create(CultureInfo.InvariantCulture, $"{expiresAt.ToUnixTimeSeconds()}.{Guid.CreateVersion7():N}.{caller.Id}");
        return ($"{Base64Url.EncodeToString(Sign(claims))}.{claims}", expiresAt);
    }

    /// <summary>The caller of a token; null when it is forged, over or signed out of, or its key is gone.</summary>
    public async Task<Caller?> FindAsync(string token, CancellationToken cancellationToken) =>
        Read(token) is { } session && !ended.Contains(session.Id) ? await keys.FindByIdAsync(session.CallerId, cancellationToken) : null;

    /// <summary>Ends a token's session before its time: here at once, on every replica within 5 s. Nothing happens when the token is none.</summary>
    public Task EndAsync(string token, CancellationToken cancellationToken) =>
        Read(token) is { } session ? ended.AddAsync(session.Id, session.ExpiresAt, cancellationToken) : Task.CompletedTask;

    private Session? Read(string token)
    {
        if (token.Split('.', 4) is not [var signature, var end, var id, var caller]
            || !Base64Url.IsValid(signature)
            || !CryptographicOperations.FixedTimeEquals(Base64Url.DecodeFromChars(signature), Sign($"{end}.{id}.{caller}")))
        {
            return null;
        }

        var expiresAt = DateTimeOffset.FromUnixTimeSeconds(long.Parse(end, CultureInfo.InvariantCulture));
        return expiresAt <= time.GetUtcNow() ? null : new Session(Guid.ParseExact(id, "N"), caller, expiresAt);
    }

    private byte[] Sign(string claims)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key.Value);
        hmac.AppendData(Encoding.UTF8.GetBytes(claims));
        hmac.AppendData(keys.AdminHash);
        return hmac.GetHashAndReset();
    }

    private sealed record Session(Guid Id, string CallerId, DateTimeOffset ExpiresAt);
}
