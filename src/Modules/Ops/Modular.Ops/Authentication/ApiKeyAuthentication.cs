using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;

namespace Modular.Ops.Authentication;

/// <summary>Recognizes the caller by <c>Authorization: Bearer KEY</c> or the console's cookie.</summary>
internal sealed class ApiKeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> schemeOptions,
    UrlEncoder encoder,
    OpsOptions options,
    KeyRing keys,
    KeyUses uses,
    Sessions sessions,
    OwnPages ownPages)
    // The base class tells each failure as often as it is asked, three times a request; the request's own line says 401.
    : AuthenticationHandler<AuthenticationSchemeOptions>(schemeOptions, NullLoggerFactory.Instance, encoder)
{
    public const string SchemeName = "ApiKey";

    private const string Bearer = "Bearer ";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var endpoint = Context.GetEndpoint()?.Metadata;
        var isAnonymous = endpoint?.GetMetadata<IAllowAnonymous>() is not null;
        if (endpoint is null || (isAnonymous && endpoint.GetMetadata<TellsMoreTo>() is null))
        {
            // Liveness and signed URLs must answer without the database, whatever key they are sent.
            return AuthenticateResult.NoResult();
        }

        if (options.IsOpen)
        {
            ownPages.Check(Request);
            return Success(Caller.Anonymous);
        }

        try
        {
            return await RecognizeAsync();
        }
        catch (Refusal) when (isAnonymous)
        {
            return AuthenticateResult.NoResult();
        }
    }

    private async Task<AuthenticateResult> RecognizeAsync()
    {
        var header = Request.Headers.Authorization.ToString();
        if (header.Length > 0)
        {
            if (!header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            {
                return AuthenticateResult.Fail("The Authorization header must be \"Bearer KEY\".");
            }

            var caller = await keys.FindByTextAsync(header[Bearer.Length..].Trim(), Context.RequestAborted);
            return caller is null
                ? AuthenticateResult.Fail("This API key is not known here: it is mistyped, revoked or expired. Ask for a new one.")
                : Success(caller);
        }

        if (Request.Cookies[Sessions.CookieName] is { } token)
        {
            ownPages.Check(Request);
            return await sessions.FindAsync(token, Context.RequestAborted) is { } caller
                ? Success(caller)
                : AuthenticateResult.Fail("This session is over: sign in again with POST /api/v1/session.");
        }

        return AuthenticateResult.NoResult();
    }

    private AuthenticateResult Success(Caller caller)
    {
        uses.Note(caller);
        return AuthenticateResult.Success(new AuthenticationTicket(caller.ToPrincipal(SchemeName), SchemeName));
    }
}
