using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Security;
using Modular.Storage.Domain;
using Modular.Storage.Http;
using Modular.Storage.Objects;
using Modular.Storage.Persistence;

namespace Modular.Storage.Features;

internal static class PutObject
{
    public sealed record Command(
        ObjectKey Key, string ContentType, string? Sha256, TimeSpan? ExpiresIn, WriteConditions Conditions, Stream Body) : IRequest<Response>;

    public sealed record Response(ObjectView Object, bool IsNew);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.ContentType).ContentType();
    }

    public sealed class Handler(ObjectWriter writer, ObjectPointers pointers) : IRequestHandler<Command, Response>
    {
        public async Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            // Decided for good when the key is locked; asked first so that a client does not send a gigabyte in vain.
            await pointers.RequireAsync(request.Key.Value, request.Conditions, cancellationToken);
            await using var pending = writer.Begin();
            var content = await pending.WriteAsync(
                request.Key.Value, request.ContentType, request.ExpiresIn, jobId: null, long.MaxValue, request.Body.CopyToAsync, cancellationToken);
            if (request.Sha256 is { } expected && expected != content.Sha256)
            {
                throw ContentDigest.Mismatch(expected, content.Sha256);
            }

            var published = await pending.PublishAsync(request.Conditions, beforeCommit: null, cancellationToken);
            return new Response(ObjectView.Of(published[0].Object), published[0].IsNew);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPut("/objects/{**key}", async (string? key, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
            {
                var response = await sender.Send(
                    new Command(
                        http.ReadKey(),
                        http.Request.ContentType ?? MediaType.Default,
                        http.Request.ReadContentDigest(),
                        http.Request.ReadExpiresIn(),
                        http.Request.ReadWriteConditions(),
                        http.Request.Body),
                    cancellationToken);
                http.Response.Headers.ETag = response.Object.Etag;
                return response.IsNew
                    ? Results.Created(http.Request.Path, response.Object)
                    : Results.Ok(response.Object);
            })
            .WithName("PutObject")
            .WithSummary("Store the body as an object, or replace one")
            .RequireScope(Scopes.ObjectsWrite)
            .Accepts<Stream>("*/*")
            .Produces<ObjectView>()
            .Produces<ObjectView>(StatusCodes.Status201Created)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge);
    }
}
