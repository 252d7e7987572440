using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http.Limits;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Contracts;
using Modular.Ops.Telemetry;
using Prometheus;

namespace Modular.Ops.Features;

internal static class GetMetrics
{
    private const string OpenMetricsType = "application/openmetrics-text";
    private const string PrometheusType = "text/plain";

    /// <summary>The media types that the caller takes, best first.</summary>
    public sealed record Query(IReadOnlyList<string> Accepted) : IRequest<Response>;

    public sealed record Response(byte[] Text, string ContentType);

    // The statistics come from Jobs; a Host without that module has metrics without queues.
    public sealed class Handler(CollectorRegistry registry, QueueGauges queues, PoolGauges pool, IEnumerable<IJobStatistics> statistics) : IRequestHandler<Query, Response>
    {
        public async Task<Response> Handle(Query request, CancellationToken cancellationToken)
        {
            pool.Refresh();
            foreach (var source in statistics)
            {
                await queues.RefreshAsync(source, cancellationToken);
            }

            var openMetrics = request.Accepted.FirstOrDefault(type => type is OpenMetricsType or PrometheusType) == OpenMetricsType;
            // Whole in memory: labels are bounded, so it stays small, and a collector that fails gives a 500 and not half a text.
            using var text = new MemoryStream();
            await registry.CollectAndExportAsTextAsync(text, openMetrics ? ExpositionFormat.OpenMetricsText : ExpositionFormat.PrometheusText, cancellationToken);
            return new Response(
                text.ToArray(),
                openMetrics ? $"{OpenMetricsType}; version=1.0.0; charset=utf-8" : $"{PrometheusType}; version=0.0.4; charset=utf-8");
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapGet("/metrics", async (HttpRequest request, ISender sender, CancellationToken cancellationToken) =>
            {
                var accepted = request.GetTypedHeaders().Accept.OrderByDescending(type => type.Quality ?? 1).Select(type => type.MediaType.ToString()).ToArray();
                var response = await sender.Send(new Query(accepted), cancellationToken);
                return TypedResults.Bytes(response.Text, response.ContentType);
            })
            .WithName("GetMetrics")
            .WithSummary("Metrics")
            .WithDescription("Prometheus text, or OpenMetrics when the Accept header asks for it.")
            .Produces<string>(StatusCodes.Status200OK, PrometheusType, OpenMetricsType)
            .Unrated()
            .RequireScope(Scopes.Metrics);
    }
}
