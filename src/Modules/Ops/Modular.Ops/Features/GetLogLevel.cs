using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Security;
using Modular.BuildingBlocks.Telemetry;
using Serilog.Core;

namespace Modular.Ops.Features;

internal static class GetLogLevel
{
    public sealed record Query : IRequest<Response>;

    /// <summary>debug, info, warn or error.</summary>
    public sealed record Response(string Level);

    public sealed class Handler(LoggingLevelSwitch logs) : IRequestHandler<Query, Response>
    {
        public Task<Response> Handle(Query request, CancellationToken cancellationToken) =>
            Task.FromResult(new Response(TelemetrySetup.NameOf(logs.MinimumLevel)));
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/log-level", async (ISender sender, CancellationToken cancellationToken) => TypedResults.Ok(await sender.Send(new Query(), cancellationToken)))
            .WithName("GetLogLevel")
            .WithSummary("Get the log level")
            .WithDescription("Of the replica that answers.")
            .RequireScope(Scopes.Ops);
    }
}
