using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Modular.BuildingBlocks.Http;

namespace Modular.BuildingBlocks.Security;

/// <summary>Turns a refused authorization into the problem that names what is missing (401 or 403).</summary>
internal sealed class ScopeProblems : IAuthorizationMiddlewareResultHandler
{
    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Challenged)
        {
            // Asked again for the reason, which the middleware drops; the scheme remembers its answer.
            var reason = (await context.AuthenticateAsync()).Failure?.Message;
            throw new Refusal(StatusCodes.Status401Unauthorized, reason ?? "An API key is needed: send it as \"Authorization: Bearer KEY\".");
        }

        if (authorizeResult.Forbidden)
        {
            var missing = policy.Requirements.OfType<ClaimsAuthorizationRequirement>()
                .Where(claim => claim.ClaimType == Scopes.ClaimType)
                .SelectMany(claim => claim.AllowedValues ?? []);
            throw new Refusal(StatusCodes.Status403Forbidden, $"The key lacks the scope {string.Join(", ", missing)}.");
        }

        await next(context);
    }
}
