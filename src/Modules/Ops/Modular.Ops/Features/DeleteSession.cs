using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.Ops.Authentication;

namespace Modular.Ops.Features;

internal static class DeleteSession
{
    /// <param name="Token">The session's cookie; null: there is none, and nothing to end.</param>
    public sealed record Command(string? Token) : IRequest;

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Token).MaximumLength(1024).WithMessage("must be a session's cookie: at most 1024 characters");
    }

    public sealed class Handler(Sessions sessions) : IRequestHandler<Command>
    {
        public Task Handle(Command request, CancellationToken cancellationToken) =>
            request.Token is { } token ? sessions.EndAsync(token, cancellationToken) : Task.CompletedTask;
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapDelete("/session", async (HttpContext context, ISender sender, CancellationToken cancellationToken) =>
            {
                await sender.Send(new Command(context.Request.Cookies[Sessions.CookieName]), cancellationToken);
                context.Response.Cookies.Delete(Sessions.CookieName, Sessions.Cookie(context.Request.IsHttps, expiresAt: null));
                return TypedResults.NoContent();
            })
            .WithName("DeleteSession")
            .WithSummary("Sign out")
            .WithDescription("Ends the session, on every replica within 5 s, and takes its cookie away.")
            .AllowAnonymous();
    }
}
