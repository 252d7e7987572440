using System.ComponentModel;
using System.Net;
using System.Text;
using FluentValidation;
using Modular.BuildingBlocks.Http.Outbound;
using Modular.Jobs.Contracts;

namespace Modular.Jobs.JobHandlers;

internal static class CallHttp
{
    private const int MaxBody = 64 * 1024;
    private const int MaxHeaders = 64;
    private const int MaxHeaderName = 128;
    private const int MaxHeaderValue = 4096;

    /// <summary>Shorter ones would turn half of an answer into stars.</summary>
    private const int ShortestMasked = 4;

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

    // The connection's own, ours, and what would make the body unreadable.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "TE", "Trailer", "Expect", "Proxy-Authorization", "Proxy-Connection", "Accept-Encoding",
        "Idempotency-Key", "traceparent", "tracestate", "baggage",
    };

    public sealed record Payload(
        [property: Description("An absolute http or https URL of at most 2048 characters, without user and password. Its host must lead to public addresses, or be one that the operator allows. Up to 5 redirects are followed, to public addresses only.")]
        string Url,
        [property: Description("GET, HEAD, POST, PUT, PATCH or DELETE.")]
        string Method = "GET",
        [property: Description("At most 64, with values of at most 4096 visible ASCII characters. Idempotency-Key is set to the job's id.")]
        IReadOnlyDictionary<string, string>? Headers = null,
        [property: Description("Text, sent as UTF-8; name its type in the header Content-Type. Not for GET and HEAD.")]
        string? Body = null,
        [property: Secret, Description("As headers, but kept encrypted, shown as ***, and not sent on when a redirect leads to another origin.")]
        IReadOnlyDictionary<string, string>? SecretHeaders = null);

    public sealed record Result(
        int Status,
        [property: Description("Without Set-Cookie.")]
        IReadOnlyDictionary<string, string> Headers,
        [property: Description("As text, cut at 64 KiB; what is no text is shown as U+FFFD. The call's secrets are shown as ***.")]
        string Body);

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
            RuleFor(payload => payload.Method).Must(method => Methods.Contains(method, StringComparer.Ordinal)).WithMessage("must be one of " + string.Join(", ", Methods));
            RuleFor(payload => payload.Body).Null().When(payload => payload.Method is "GET" or "HEAD").WithMessage("must be left out for GET and HEAD");
            RuleFor(payload => payload.Headers).Custom(Check);
            RuleFor(payload => payload.SecretHeaders).Custom(Check);
            RuleFor(payload => payload.SecretHeaders)
                .Must((payload, secrets) => secrets is null || payload.Headers is null || !secrets.Keys.Intersect(payload.Headers.Keys, StringComparer.OrdinalIgnoreCase).Any())
                .WithMessage("must not name a header that headers names too");
        }

        // No message repeats a value: it may be secret.
        private static void Check(IReadOnlyDictionary<string, string>? headers, ValidationContext<Payload> context)
        {
            if (headers is null)
            {
                return;
            }

            var problem = headers.Count > MaxHeaders ? $"must be at most {MaxHeaders} headers"
                : !headers.Keys.All(IsName) ? $"must have names of 1 to {MaxHeaderName} letters, digits and !#$%&'*+-.^_`|~"
                : headers.Keys.FirstOrDefault(Reserved.Contains) is { } reserved ? $"must not set {reserved}"
                : headers.Keys.Distinct(StringComparer.OrdinalIgnoreCase).Count() < headers.Count ? "must name each header once"
                : !headers.Values.All(IsValue) ? $"must have values of at most {MaxHeaderValue} visible ASCII characters, spaces and tabs"
                : null;
            if (problem is not null)
            {
                context.AddFailure(problem);
            }
        }

        private static bool IsName(string name) => name.Length is > 0 and <= MaxHeaderName && name.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c, StringComparison.Ordinal));

        private static bool IsValue(string? value) => value is { Length: <= MaxHeaderValue } && value.All(c => c is '\t' or (>= ' ' and <= '~'));
    }

    [JobType("http.call", "Calls a URL and keeps the answer. 5xx, 429 and faults are tried again; other 4xx fail the job.")]
    public sealed class Handler(OutboundClient http) : IJobHandler<Payload, Result>
    {
        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            var secrets = SecretsOf(payload);
            try
            {
                return await RunAsync(payload, secrets, context, cancellationToken);
            }
            catch (Exception problem) when (problem is not OperationCanceledException && Messages(problem).Any(message => secrets.Any(secret => message.Contains(secret, StringComparison.Ordinal))))
            {
                throw Masked(problem, secrets);
            }
        }

        /// <summary>The values, their credentials without the scheme (<c>Bearer …</c>), and both as a URL writes them; the longest first, since one may hold another.</summary>
        private static string[] SecretsOf(Payload payload) =>
        [
            .. (payload.SecretHeaders?.Values ?? [])
                .SelectMany(value => new[] { value, value[(value.IndexOf(' ', StringComparison.Ordinal) + 1)..] })
                .SelectMany(value => new[] { value, Uri.EscapeDataString(value) })
                .Where(value => value.Length >= ShortestMasked)
                .Distinct(StringComparer.Ordinal)
                .OrderByDescending(value => value.Length),
        ];

        // Not the stacks: they quote nobody, and a secret that happens to be a word of ours would turn every fault into another one.
        private static IEnumerable<string> Messages(Exception? problem)
        {
            for (; problem is not null; problem = problem.InnerException)
            {
                yield return problem.Message;
            }
        }

        // Some servers send back what they were sent, and messages quote servers. Without the cause: it says the same.
        private static Exception Masked(Exception problem, string[] secrets) => problem is JobFailedException failed
            ? new JobFailedException(Shown(failed.Message, secrets)) { ErrorType = failed.ErrorType }
            : new HttpRequestException(Shown(problem.Message, secrets));

        private async Task<Result> RunAsync(Payload payload, string[] secrets, IJobContext context, CancellationToken cancellationToken)
        {
            using var answer = await SendAsync(payload, context, cancellationToken);
            var status = (int)answer.Status;
            // A redirect may have put into the path what it was sent.
            context.Log(JobLogLevel.Info, Shown($"{payload.Method} {answer.Url.GetLeftPart(UriPartial.Path)} answered {status}", secrets));
            if (status >= 500 || answer.Status == HttpStatusCode.TooManyRequests)
            {
                throw new HttpRequestException($"{answer.Url.Host} answered {status}.", inner: null, answer.Status);
            }

            if (status >= 400)
            {
                throw new JobFailedException($"{answer.Url.Host} answered {status}.") { ErrorType = "HttpStatus" };
            }

            var headers = answer.Headers.Concat(answer.ContentHeaders)
                .Where(header => !header.Key.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase))
                .ToDictionary(header => header.Key.ToLowerInvariant(), header => Shown(string.Join(", ", header.Value), secrets), StringComparer.Ordinal);
            return new Result(status, headers, await ReadAsync(answer, secrets, context, cancellationToken));
        }

        private async Task<OutboundResponse> SendAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            var headers = new Dictionary<string, string>(payload.Headers ?? new Dictionary<string, string>(), StringComparer.OrdinalIgnoreCase)
            {
                // The same for every attempt: who receives it twice can tell.
                ["Idempotency-Key"] = context.JobId.ToString(),
            };
            if (payload.Body is not null && payload.SecretHeaders?.Keys.Contains("Content-Type", StringComparer.OrdinalIgnoreCase) != true)
            {
                headers.TryAdd("Content-Type", "text/plain; charset=utf-8");
            }

            try
            {
                return await http.SendAsync(
                    new OutboundCall(HttpMethod.Parse(payload.Method), new Uri(payload.Url))
                    {
                        Headers = headers,
                        SecretHeaders = payload.SecretHeaders ?? new Dictionary<string, string>(),
                        Body = payload.Body is null ? null : Encoding.UTF8.GetBytes(payload.Body),
                    },
                    cancellationToken);
            }
            catch (OutboundRefusedException refused)
            {
                throw new JobFailedException(refused.Message, refused) { ErrorType = "DestinationRefused" };
            }
        }

        private static async Task<string> ReadAsync(OutboundResponse answer, string[] secrets, IJobContext context, CancellationToken cancellationToken)
        {
            // A secret that the cut would halve is still recognized, also when each of its characters is escaped.
            var buffer = new byte[MaxBody + (3 * MaxHeaderValue)];
            var length = 0;
            while (length < buffer.Length && await answer.ReadAsync(buffer.AsMemory(length), cancellationToken) is > 0 and var read)
            {
                length += read;
            }

            var shown = Shown(Encoding.UTF8.GetString(buffer, 0, length), secrets);
            var kept = Math.Min(MaxBody, shown.Length);
            while (Encoding.UTF8.GetByteCount(shown.AsSpan(0, kept)) is var bytes && bytes > MaxBody)
            {
                // A character has at most three bytes (half a pair counts as three), so this never cuts too much.
                kept -= Math.Max(1, (bytes - MaxBody) / 3);
            }

            if (kept < shown.Length)
            {
                context.Log(JobLogLevel.Warning, $"The body is longer than {MaxBody / 1024} KiB; the rest is left out.");
                kept -= char.IsHighSurrogate(shown[kept - 1]) ? 1 : 0;
            }

            return shown[..kept];
        }

        /// <summary>Without the call's secrets, which some servers send back, and without what JSON cannot keep or would blow up.</summary>
        private static string Shown(string text, string[] secrets)
        {
            foreach (var secret in secrets)
            {
                text = text.Replace(secret, "***", StringComparison.Ordinal);
            }

            return string.Create(text.Length, text, static (shown, text) =>
            {
                for (var i = 0; i < text.Length; i++)
                {
                    shown[i] = char.IsControl(text[i]) && text[i] is not ('\t' or '\n' or '\r') ? '\uFFFD' : text[i];
                }
            });
        }
    }
}
