using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Http.Limits;
using Modular.Ops.Authentication;

namespace Modular.Ops.Features;

internal static class CreateSession
{
    public sealed record Command(string Key) : IRequest<Response>;

    /// <summary>Who is signed in, until when.</summary>
    public sealed record Response(string Id, string Name, IReadOnlyList<string> Scopes, DateTimeOffset ExpiresAt)
    {
        /// <summary>The cookie's text. Not public, so that it stays out of the body.</summary>
        internal string Token { get; init; } = "";
    }

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Key).NotEmpty().WithMessage("must be an API key")
            .MaximumLength(1024).WithMessage("must be an API key: at most 1024 characters");
    }

    public sealed class Handler(KeyRing keys, Sessions sessions) : IRequestHandler<Command, Response>
    {
        public async Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            var caller = await keys.FindByTextAsync(request.Key, cancellationToken)
                ?? throw new Refusal(StatusCodes.Status401Unauthorized, "This API key is not known here: it is mistyped, revoked or expired.");
            var (token, expiresAt) = sessions.Issue(caller);
            return new Response(caller.Id, caller.Name, caller.Scopes, expiresAt) { Token = token };
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPost("/session", async (Command command, HttpContext context, ISender sender, CancellationToken cancellationToken) =>
            {
                var response = await sender.Send(command, cancellationToken);
                context.Response.Cookies.Append(Sessions.CookieName, response.Token, Sessions.Cookie(context.Request.IsHttps, response.ExpiresAt));
                return TypedResults.Ok(response);
            })
            .WithName("CreateSession")
            .WithSummary("Sign in")
            .WithDescription("Sets the session cookie for an API key, for 12 hours.")
            .Expensive()
            .AllowAnonymous();
    }
}
