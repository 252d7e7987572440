using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.Ops.Authentication;

namespace Modular.Ops.Features;

internal static class DeleteSession
{
    public sealed record Command : IRequest;

    public sealed class Handler : IRequestHandler<Command>
    {
        // The session is the cookie: taking it away ends it.
        public Task Handle(Command request, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapDelete("/session", async (HttpContext context, ISender sender, CancellationToken cancellationToken) =>
            {
                await sender.Send(new Command(), cancellationToken);
                context.Response.Cookies.Delete(Sessions.CookieName, Sessions.Cookie(context.Request.IsHttps, expiresAt: null));
                return TypedResults.NoContent();
            })
            .WithName("DeleteSession")
            .WithSummary("Sign out")
            .WithDescription("Takes the session cookie away.")
            .AllowAnonymous();
    }
}
