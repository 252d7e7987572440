using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Npgsql;
using Prometheus;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: SQL belongs to Persistence, metrics to Telemetry.</summary>
internal static class QueriesByHand
{
    public sealed record Command(Guid Id) : IRequest<int>;

    public sealed class Handler(NpgsqlDataSource database, IMetricFactory metrics) : IRequestHandler<Command, int>
    {
        public async Task<int> Handle(Command request, CancellationToken cancellationToken)
        {
            metrics.CreateCounter("queries_total", "Queries.").Inc();
            await using var command = database.CreateCommand("SELECT 1");
            return await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/bad", (ISender sender, CancellationToken cancellationToken) => sender.Send(new Command(Guid.Empty), cancellationToken));
    }
}
