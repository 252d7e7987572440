using System.Text.Json.Nodes;
using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Engine;

namespace Modular.Jobs.Features;

internal static class ListJobTypes
{
    public sealed record Query : IRequest<Page<Response>>;

    /// <param name="Type">As POST /jobs takes it.</param>
    /// <param name="Description">What it does.</param>
    /// <param name="PayloadSchema">JSON Schema of the payload.</param>
    /// <param name="ResultSchema">JSON Schema of the result.</param>
    public sealed record Response(string Type, string Description, JsonNode PayloadSchema, JsonNode ResultSchema);

    public sealed class Handler(JobTypes types) : IRequestHandler<Query, Page<Response>>
    {
        public Task<Page<Response>> Handle(Query request, CancellationToken cancellationToken) =>
            Task.FromResult(new Page<Response>([.. types.All.Select(type => new Response(type.Name, type.Description, type.PayloadSchema, type.ResultSchema))], null));
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapGet("/job-types", async Task<Ok<Page<Response>>> (ISender sender, CancellationToken cancellationToken) =>
                    TypedResults.Ok(await sender.Send(new Query(), cancellationToken)))
                .WithName("ListJobTypes").WithSummary("The job types with their JSON Schemas").RequireScope(Scopes.JobsRead);
    }
}
