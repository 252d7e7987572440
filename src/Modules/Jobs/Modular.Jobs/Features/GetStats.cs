using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Features;

internal static class GetStats
{
    /// <param name="Window">15m, 1h or 24h; 1h when not given.</param>
    public sealed record Query(string? Window) : IRequest<Response>;

    /// <param name="Window">As asked.</param>
    /// <param name="StepSeconds">The width of a point.</param>
    /// <param name="Points">Oldest first, without a gap; the last one is not over yet.</param>
    public sealed record Response(string Window, int StepSeconds, IReadOnlyList<StatsPoint> Points);

    private static readonly Dictionary<string, TimeSpan> Windows = new(StringComparer.Ordinal)
    {
        ["15m"] = TimeSpan.FromMinutes(15),
        ["1h"] = TimeSpan.FromHours(1),
        ["24h"] = TimeSpan.FromHours(24),
    };

    public sealed class Validator : AbstractValidator<Query>
    {
        public Validator() => RuleFor(query => query.Window).Must(window => window is null || Windows.ContainsKey(window)).WithMessage("must be 15m, 1h or 24h");
    }

    public sealed class Handler(JobSeries series) : IRequestHandler<Query, Response>
    {
        private const int Points = 60;

        public async Task<Response> Handle(Query request, CancellationToken cancellationToken)
        {
            var window = request.Window ?? "1h";
            var step = Windows[window] / Points;
            return new Response(window, (int)step.TotalSeconds, await series.ReadAsync(Points, step, cancellationToken));
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/stats", async Task<Ok<Response>> (string? window, ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Ok(await sender.Send(new Query(window), cancellationToken)))
                .WithName("GetStats").WithSummary("Series for charts: submitted, finished, wait and run times, depth").RequireScope(Scopes.JobsRead);
    }
}
