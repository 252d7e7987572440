using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Security;
using Modular.Storage.Domain;
using Modular.Storage.Http;
using Modular.Storage.Objects;

namespace Modular.Storage.Features;

internal static class GetObject
{
    public sealed record Query(ObjectKey Key, ReadConditions Conditions, bool WithBody) : IRequest<ObjectDownload>;

    public sealed class Handler(ObjectReader reader) : IRequestHandler<Query, ObjectDownload>
    {
        public Task<ObjectDownload> Handle(Query request, CancellationToken cancellationToken) =>
            reader.OpenAsync(request.Key.Value, request.Conditions, request.WithBody, cancellationToken);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapMethods("/objects/{**key}", [HttpMethods.Get, HttpMethods.Head], async (string? key, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
            {
                var download = await sender.Send(
                    new Query(http.ReadKey(), http.Request.ReadReadConditions(), WithBody: !HttpMethods.IsHead(http.Request.Method)), cancellationToken);
                return new DownloadResult(download);
            })
            .WithName("GetObject")
            .WithSummary("Download an object, or a range of it")
            .RequireScope(Scopes.ObjectsRead)
            .Produces<Stream>(StatusCodes.Status200OK, MediaType.Default)
            .Produces<Stream>(StatusCodes.Status206PartialContent, MediaType.Default)
            .Produces(StatusCodes.Status304NotModified)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .ProducesProblem(StatusCodes.Status416RangeNotSatisfiable);
    }
}
