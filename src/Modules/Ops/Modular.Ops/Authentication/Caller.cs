using System.Globalization;
using System.Security.Claims;
using Modular.BuildingBlocks.Http.Limits;
using Modular.Ops.Domain;

namespace Modular.Ops.Authentication;

/// <summary>Who calls: an API key, the admin key, or anyone when the service is open.</summary>
/// <param name="Id">The key's id, <c>admin</c> or <c>anonymous</c>; what a caller owns (idempotency keys) is owned by this id.</param>
/// <param name="Name">What the audit trail shows.</param>
/// <param name="Scopes">What the caller may do.</param>
/// <param name="RateLimitPerMinute">The key's own rate; null: the address's counts.</param>
internal sealed record Caller(string Id, string Name, IReadOnlyList<string> Scopes, int? RateLimitPerMinute = null)
{
    public static Caller Admin { get; } = new("admin", "admin", BuildingBlocks.Security.Scopes.All);

    public static Caller Anonymous { get; } = new("anonymous", "anonymous", BuildingBlocks.Security.Scopes.All);

    public static Caller Of(ApiKey key) => new(key.Id.ToString(), key.Name, key.Scopes, key.RateLimitPerMinute);

    public static Caller Of(ClaimsPrincipal user) => new(
        user.FindFirstValue(ClaimTypes.NameIdentifier) ?? "",
        user.FindFirstValue(ClaimTypes.Name) ?? "",
        [.. user.FindAll(BuildingBlocks.Security.Scopes.ClaimType).Select(claim => claim.Value)]);

    public ClaimsPrincipal ToPrincipal(string scheme) => new(new ClaimsIdentity(
        [
            new Claim(ClaimTypes.NameIdentifier, Id),
            new Claim(ClaimTypes.Name, Name),
            .. Scopes.Select(scope => new Claim(BuildingBlocks.Security.Scopes.ClaimType, scope)),
            .. RateLimitPerMinute is { } rate ? [new Claim(RateLimits.OwnRateClaim, rate.ToString(CultureInfo.InvariantCulture))] : Array.Empty<Claim>(),
        ],
        scheme));
}
