using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Security;
using Modular.BuildingBlocks.Telemetry;
using Serilog.Core;

namespace Modular.Ops.Features;

internal static class SetLogLevel
{
    /// <summary>debug, info, warn or error.</summary>
    public sealed record Command(string Level) : IRequest<Response>;

    public sealed record Response(string Level);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Level).Must(level => TelemetrySetup.Levels.Contains(level))
            .WithMessage($"must be one of {string.Join(", ", TelemetrySetup.Levels)}");
    }

    public sealed class Handler(LoggingLevelSwitch logs, IAuditTrail audit) : IRequestHandler<Command, Response>
    {
        public Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            audit.Describe(Environment.MachineName, $"{TelemetrySetup.NameOf(logs.MinimumLevel)} → {request.Level}");
            logs.MinimumLevel = TelemetrySetup.Level(request.Level);
            return Task.FromResult(new Response(request.Level));
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPut("/log-level", async (Command command, ISender sender, CancellationToken cancellationToken) =>
                TypedResults.Ok(await sender.Send(command, cancellationToken)))
            .WithName("SetLogLevel")
            .WithSummary("Set the log level")
            .WithDescription("Of the replica that answers, until it restarts.")
            .Audited("log-level.set")
            .RequireScope(Scopes.Ops);
    }
}
