using Carter;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Minio;
using SkiaSharp;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: pictures belong to job handlers, the S3 client to its blob store.</summary>
internal static class DrawsThings
{
    public sealed record Command(Guid Id) : IRequest<int>;

    public sealed class Handler(IMinioClient client) : IRequestHandler<Command, int>
    {
        public Task<int> Handle(Command request, CancellationToken cancellationToken) =>
            Task.FromResult(typeof(SKBitmap).Name.Length + client.Config.Endpoint.Length);
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/bad", (ISender sender, CancellationToken cancellationToken) => sender.Send(new Command(Guid.Empty), cancellationToken));
    }
}
