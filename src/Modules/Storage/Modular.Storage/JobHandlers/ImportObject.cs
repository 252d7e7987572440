using System.ComponentModel;
using System.Globalization;
using System.Net;
using FluentValidation;
using Modular.BuildingBlocks.Http.Outbound;
using Modular.Jobs.Contracts;
using Modular.Storage.Domain;

namespace Modular.Storage.JobHandlers;

internal static class ImportObject
{
    public sealed record Payload(
        [property: Description("An absolute http or https URL of at most 2048 characters, without user and password. Its host must lead to public addresses, or be one that the operator allows. Up to 5 redirects are followed, to public addresses only.")]
        string Url,
        [property: Description("Where the bytes go, when all of them have come; at most as many as an upload may have (MAX_UPLOAD_SIZE_MB). An object that is there is replaced.")]
        string Key);

    public sealed record Result(string Key, long Bytes, string Sha256, string ContentType);

    public sealed class Validator : AbstractValidator<Payload>
    {
        public Validator()
        {
            RuleFor(payload => payload.Url).Custom((url, context) =>
            {
                if (OutboundCall.FindProblem(url) is { } problem)
                {
                    context.AddFailure(problem);
                }
            });
            RuleFor(payload => payload.Key).IsObjectKey();
        }
    }

    [JobType("object.import", "Downloads a URL into an object: all of its bytes, or nothing.")]
    public sealed class Handler(OutboundClient http, StorageOptions options) : IJobHandler<Payload, Result>
    {
        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            using var answer = await OpenAsync(new Uri(payload.Url), cancellationToken);
            var announced = answer.ContentHeaders.ContentLength;
            if (announced > options.MaxUploadBytes)
            {
                throw TooLarge();
            }

            var type = answer.ContentHeaders.ContentType?.ToString() is { } told && MediaType.IsValid(told) ? told : MediaType.Default;
            var stored = await context.WriteObjectAsync(payload.Key, type, CopyAsync, cancellationToken);
            return new Result(stored.Key, stored.Size, stored.Sha256, stored.ContentType);

            // A body that ends too early throws here, before anything is published.
            async Task CopyAsync(Stream output, CancellationToken cancellationToken)
            {
                var buffer = new byte[128 * 1024];
                var copied = 0L;
                while (await answer.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                {
                    copied += read;
                    if (copied > options.MaxUploadBytes)
                    {
                        throw TooLarge();
                    }

                    await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                    context.ReportProgress(announced is > 0 ? 100.0 * copied / announced.Value : 0, string.Create(CultureInfo.InvariantCulture, $"{copied:N0} bytes"));
                }
            }
        }

        private async Task<OutboundResponse> OpenAsync(Uri url, CancellationToken cancellationToken)
        {
            OutboundResponse answer;
            try
            {
                answer = await http.SendAsync(
                    new OutboundCall(HttpMethod.Get, url) { Headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["Accept-Encoding"] = "identity" } },
                    cancellationToken);
            }
            catch (OutboundRefusedException refused)
            {
                throw new JobFailedException(refused.Message, refused) { ErrorType = "DestinationRefused" };
            }

            try
            {
                RefuseUnlessWhole(answer);
                return answer;
            }
            catch
            {
                answer.Dispose();
                throw;
            }
        }

        private static void RefuseUnlessWhole(OutboundResponse answer)
        {
            var status = (int)answer.Status;
            if (status >= 500 || answer.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout)
            {
                throw new HttpRequestException($"{answer.Url.Host} answered {status}.", inner: null, answer.Status);
            }

            if (answer.Status != HttpStatusCode.OK)
            {
                throw new JobFailedException($"{answer.Url.Host} answered {status}, not 200.") { ErrorType = "HttpStatus" };
            }

            if (answer.ContentHeaders.ContentEncoding.Any(encoding => !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)))
            {
                throw new JobFailedException($"{answer.Url.Host} sent an encoded body, although asked for a plain one.") { ErrorType = "EncodedBody" };
            }
        }

        private JobFailedException TooLarge() =>
            new(string.Create(CultureInfo.InvariantCulture, $"The body is larger than {options.MaxUploadBytes:N0} bytes (MAX_UPLOAD_SIZE_MB).")) { ErrorType = "BodyTooLarge" };
    }
}
