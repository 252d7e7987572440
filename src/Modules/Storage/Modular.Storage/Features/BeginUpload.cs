using System.Text.RegularExpressions;
using Carter;
using FluentValidation;
using Marten;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http.Limits;
using Modular.BuildingBlocks.Security;
using Modular.Storage.Blobs;
using Modular.Storage.Domain;
using Modular.Storage.Http;
using Modular.Storage.Persistence;

namespace Modular.Storage.Features;

internal static partial class BeginUpload
{
    public sealed record Command(string Key, long? Size, string? ContentType, string? Sha256, int? ExpiresSeconds) : IRequest<Response>;

    /// <param name="Id">The upload, to complete or abort it.</param>
    /// <param name="Method">How to send the bytes.</param>
    /// <param name="Url">Where to; it needs no key.</param>
    /// <param name="Headers">Headers to send along.</param>
    /// <param name="ExpiresAt">Until when.</param>
    public sealed record Response(Guid Id, string Method, Uri Url, IReadOnlyDictionary<string, string> Headers, DateTimeOffset ExpiresAt);

    public sealed partial class Validator : AbstractValidator<Command>
    {
        public Validator(StorageOptions options)
        {
            RuleFor(command => command.Key).ObjectKey();
            RuleFor(command => command.Size).Must(size => size >= 0 && size <= options.MaxUploadBytes).WithMessage($"must be from 0 to {options.MaxUploadBytes}");
            RuleFor(command => command.ContentType).ContentType();
            RuleFor(command => command.Sha256).Matches(Sha256Hex()).WithMessage("must be 64 lower-case hexadecimal digits");
            RuleFor(command => command.ExpiresSeconds).LinkSeconds();
        }

        [GeneratedRegex("^[0-9a-f]{64}$")]
        private static partial Regex Sha256Hex();
    }

    public sealed class Handler(IDocumentStore documents, IBlobStore blobs, DatabaseClock clock, SignedUrls urls) : IRequestHandler<Command, Response>
    {
        public async Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            var (id, blobId) = (Guid.CreateVersion7(), Guid.CreateVersion7());
            var lifetime = TimeSpan.FromSeconds(request.ExpiresSeconds ?? 3600);
            var direct = await blobs.PresignPutAsync(blobId, lifetime, cancellationToken);
            var upload = new Upload
            {
                Id = id,
                Key = request.Key,
                Size = request.Size!.Value,
                ContentType = request.ContentType ?? MediaType.Default,
                Sha256 = request.Sha256,
                BlobId = direct is null ? null : blobId,
                IsDirect = direct is not null,
                ExpiresAt = await clock.ReadAsync(cancellationToken) + lifetime,
            };
            await using var session = documents.LightweightSession();
            session.Store(upload);
            await session.SaveChangesAsync(cancellationToken);
            var url = direct ?? urls.Sign($"/api/v1/signed/uploads/{id}", id.ToString(), new UrlPermission(HttpMethods.Put, upload.ExpiresAt, upload.Size));
            return new Response(id, HttpMethods.Put, url, new Dictionary<string, string>(StringComparer.Ordinal) { ["Content-Type"] = upload.ContentType }, upload.ExpiresAt);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPost("/objects/uploads", async (Command command, HttpContext http, ISender sender, CancellationToken cancellationToken) =>
            {
                var response = await sender.Send(command, cancellationToken);
                return TypedResults.Created($"/api/v1/objects/uploads/{response.Id}", response with { Url = http.Absolute(response.Url) });
            })
            .WithName("BeginUpload")
            .WithSummary("Announce an object of any size, and get a signed URL to send its bytes to")
            .RequireScope(Scopes.ObjectsWrite)
            .Expensive();
    }
}
