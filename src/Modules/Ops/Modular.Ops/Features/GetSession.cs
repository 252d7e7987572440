using System.Security.Claims;
using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Security;
using Modular.Ops.Authentication;

namespace Modular.Ops.Features;

internal static class GetSession
{
    public sealed record Query(string Id, string Name, IReadOnlyList<string> Scopes) : IRequest<Response>;

    public sealed record Response(string Id, string Name, IReadOnlyList<string> Scopes);

    public sealed class Handler : IRequestHandler<Query, Response>
    {
        public Task<Response> Handle(Query request, CancellationToken cancellationToken) =>
            Task.FromResult(new Response(request.Id, request.Name, request.Scopes));
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/session", async (ClaimsPrincipal user, ISender sender, CancellationToken cancellationToken) =>
            {
                var caller = Caller.Of(user);
                return TypedResults.Ok(await sender.Send(new Query(caller.Id, caller.Name, caller.Scopes), cancellationToken));
            })
            .WithName("GetSession")
            .WithSummary("Who am I")
            .WithDescription("Who calls, by key or session, and with which scopes.")
            .RequireAnyCaller();
    }
}
