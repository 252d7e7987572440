using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Contracts;
using Modular.Storage.Domain;
using Modular.Storage.Http;
using Modular.Storage.Objects;

namespace Modular.Storage.Features;

internal static class GetJobArtifact
{
    public sealed record Query(Guid JobId, string Name, ReadConditions Conditions, bool WithBody) : IRequest<ObjectDownload>;

    public sealed class Handler(IJobArtifacts artifacts, ObjectReader reader) : IRequestHandler<Query, ObjectDownload>
    {
        public async Task<ObjectDownload> Handle(Query request, CancellationToken cancellationToken)
        {
            var key = await artifacts.FindKeyAsync(request.JobId, request.Name, cancellationToken)
                ?? throw Refusal.NotFound($"The job {request.JobId} has no artifact \"{request.Name}\"; GET /api/v1/jobs/{request.JobId} lists what it has.");
            return await reader.OpenAsync(key, request.Conditions, request.WithBody, cancellationToken);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapMethods(
                "/jobs/{id}/artifacts/{**name}",
                [HttpMethods.Get, HttpMethods.Head],
                async (Guid id, string? name, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
                {
                    var download = await sender.Send(
                        new Query(id, http.ReadArtifactName(), http.Request.ReadReadConditions(), WithBody: !HttpMethods.IsHead(http.Request.Method)), cancellationToken);
                    return new DownloadResult(download);
                })
            .WithName("GetJobArtifact")
            .WithSummary("Download what a job produced, or a range of it")
            .RequireScope(Scopes.JobsRead)
            .Produces<Stream>(StatusCodes.Status200OK, MediaType.Default)
            .Produces<Stream>(StatusCodes.Status206PartialContent, MediaType.Default)
            .Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .ProducesProblem(StatusCodes.Status416RangeNotSatisfiable);
    }
}
