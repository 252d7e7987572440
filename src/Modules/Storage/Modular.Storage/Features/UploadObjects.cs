using Carter;
using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Http.Limits;
using Modular.BuildingBlocks.Security;
using Modular.Storage.Domain;
using Modular.Storage.Objects;

namespace Modular.Storage.Features;

internal static class UploadObjects
{
    public sealed record Command(string? Boundary, Stream Body) : IRequest<Response>;

    public sealed record Response(IReadOnlyList<ObjectView> Items);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator() => RuleFor(command => command.Boundary).Must(boundary => boundary is { Length: > 0 and <= 70 }).OverridePropertyName("$")
            .WithMessage("must be multipart/form-data with a boundary of at most 70 characters");
    }

    public sealed class Handler(ObjectWriter writer) : IRequestHandler<Command, Response>
    {
        private const int MaxFiles = 100;

        public async Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            var reader = new MultipartReader(request.Boundary!, request.Body);
            await using var pending = writer.Begin();
            try
            {
                await ReadAsync(reader, pending, cancellationToken);
            }
            catch (Exception problem) when (problem is InvalidDataException or (IOException and not BadHttpRequestException))
            {
                throw Refusal.Invalid("$", "must be well-formed multipart/form-data to its end; send it again");
            }

            var published = await pending.PublishAsync(WriteConditions.None, beforeCommit: null, cancellationToken);
            return new Response([.. published.Select(one => ObjectView.Of(one.Object))]);
        }

        // Each file goes to the store as it comes: nothing is held but the part of it that is on its way.
        private static async Task ReadAsync(MultipartReader reader, PendingObjects pending, CancellationToken cancellationToken)
        {
            string? prefix = null;
            var keys = new HashSet<string>(StringComparer.Ordinal);
            while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
            {
                if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition) || !disposition.DispositionType.Equals("form-data", StringComparison.OrdinalIgnoreCase))
                {
                    throw Refusal.Invalid("$", "must have a Content-Disposition: form-data in every part");
                }

                if (disposition.IsFileDisposition())
                {
                    var key = KeyOf(prefix, disposition);
                    if (!keys.Add(key))
                    {
                        throw Refusal.Invalid("files", $"must not hold \"{key}\" twice");
                    }

                    if (keys.Count > MaxFiles)
                    {
                        throw Refusal.Invalid("files", $"must be at most {MaxFiles}; send the rest in another request");
                    }

                    var contentType = section.ContentType ?? MediaType.Default;
                    await pending.WriteAsync(
                        key, MediaType.IsValid(contentType) ? contentType : throw Refusal.Invalid("files", $"must have a media type as Content-Type in \"{key}\""),
                        expiresIn: null, jobId: null, long.MaxValue, section.Body.CopyToAsync, cancellationToken);
                }
                else if (!disposition.Name.Equals("prefix", StringComparison.Ordinal))
                {
                    throw Refusal.Invalid(disposition.Name.HasValue ? HeaderUtilities.RemoveQuotes(disposition.Name).ToString() : "$", "is not a known field; there is \"prefix\", and files");
                }
                else
                {
                    prefix = prefix is null && keys.Count == 0
                        ? await ReadPrefixAsync(section, cancellationToken)
                        : throw Refusal.Invalid("prefix", "must come once, before the files");
                }
            }

            if (keys.Count == 0)
            {
                throw Refusal.Invalid("files", "must hold at least one file");
            }
        }

        private static async Task<string> ReadPrefixAsync(MultipartSection section, CancellationToken cancellationToken)
        {
            var buffer = new byte[ObjectKey.MaxBytes + 1];
            var count = await section.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            var prefix = System.Text.Encoding.UTF8.GetString(buffer, 0, Math.Min(count, buffer.Length));
            return count <= ObjectKey.MaxBytes && KeyRange.Check(prefix) is null
                ? prefix
                : throw Refusal.Invalid("prefix", $"must be the start of a key: at most {ObjectKey.MaxBytes} bytes of UTF-8 in NFC, without control characters or backslashes");
        }

        private static string KeyOf(string? prefix, ContentDispositionHeaderValue disposition)
        {
            var name = HeaderUtilities.RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName).ToString();
            var key = prefix + name;
            return ObjectKey.TryParse(key, out _, out var problem) ? key : throw Refusal.Invalid("files", $"the name of a file, behind the prefix, {problem}");
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPost("/objects", async (HttpRequest request, ISender sender, CancellationToken cancellationToken) =>
            {
                var boundary = MediaTypeHeaderValue.TryParse(request.ContentType, out var type) ? HeaderUtilities.RemoveQuotes(type.Boundary).Value : null;
                var response = await sender.Send(new Command(boundary, request.Body), cancellationToken);
                return TypedResults.Created(default(Uri), response);
            })
            .WithName("UploadObjects")
            .WithSummary("Store up to 100 files of a form, all or none")
            .RequireScope(Scopes.ObjectsWrite)
            .Expensive()
            .Accepts<IFormFileCollection>("multipart/form-data")
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
    }
}
