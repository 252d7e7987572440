using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Modular.BuildingBlocks.Http.Outbound;

/// <summary>
/// The one way out for URLs that clients name. http and https only; no proxy, no cookies, no decompression; redirects are followed here, each judged like a
/// first request.
/// </summary>
public sealed class OutboundClient : IDisposable
{
    private static readonly string[] SecretNames = ["Authorization", "Cookie", "Proxy-Authorization"];

    private readonly HttpMessageInvoker _http;
    private readonly OutboundLimits _limits;
    private readonly TimeProvider _time;

    internal OutboundClient(OutboundGuard guard, OutboundLimits limits, TimeProvider time)
    {
        _limits = limits;
        _time = time;
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (context, cancellationToken) => guard.ConnectAsync(context.DnsEndPoint, cancellationToken),
            // The environment's proxy would resolve the name itself, past the guard.
            UseProxy = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            MaxResponseHeadersLength = 32,
            ResponseDrainTimeout = TimeSpan.FromSeconds(1),
            MaxResponseDrainSize = 64 * 1024,
            ActivityHeadersPropagator = new TraceParentOnly(),
        });
    }

    /// <summary>Sends the call, follows its redirects, and returns when the headers of the last answer are there. The caller disposes the answer.</summary>
    /// <exception cref="OutboundRefusedException">The call, or a redirect of it, leads where it may not.</exception>
    /// <exception cref="HttpRequestException">The host is not there or does not speak HTTP.</exception>
    /// <exception cref="TimeoutException">No answer came in time.</exception>
    public async Task<OutboundResponse> SendAsync(OutboundCall call, CancellationToken cancellationToken)
    {
        for (var redirects = 0; ; redirects++)
        {
            if (OutboundCall.FindProblem(call.Url) is { } problem)
            {
                throw new OutboundRefusedException(redirects == 0 ? $"The URL {problem}." : $"{call.Url.Host} is the end of a redirect whose URL {problem}.");
            }

            var answer = await SendOnceAsync(call, cancellationToken);
            if (answer.Headers.Location is not { } location || !IsRedirect(answer.StatusCode))
            {
                return new OutboundResponse(answer, call.Url, _limits, _time);
            }

            answer.Dispose();
            if (redirects == _limits.Redirects)
            {
                throw new OutboundRefusedException($"{call.Url.Host} redirects once more after {_limits.Redirects} redirects.");
            }

            call = Redirected(call, new Uri(call.Url, location), answer.StatusCode);
        }
    }

    public void Dispose() => _http.Dispose();

    private static bool IsRedirect(HttpStatusCode status) =>
        status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect;

    /// <summary>What is sent to the redirect's target (WHATWG Fetch, HTTP-redirect fetch).</summary>
    private static OutboundCall Redirected(OutboundCall call, Uri url, HttpStatusCode status)
    {
        var next = call with { Url = url };
        if (Uri.Compare(call.Url, url, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) != 0)
        {
            // For good: a redirect back to the first origin does not bring them back, since another origin chose it.
            next = next with { SecretHeaders = new Dictionary<string, string>(), Headers = Without(call.Headers, SecretNames) };
        }

        var becomesGet = status == HttpStatusCode.SeeOther ? call.Method != HttpMethod.Get && call.Method != HttpMethod.Head
            : call.Method == HttpMethod.Post && (status is HttpStatusCode.MovedPermanently or HttpStatusCode.Found);
        return becomesGet ? next with { Method = HttpMethod.Get, Body = null, Headers = Without(next.Headers, ["Content-Type", "Content-Language", "Content-Encoding"]) } : next;
    }

    private static Dictionary<string, string> Without(IReadOnlyDictionary<string, string> headers, string[] names) =>
        headers.Where(header => !names.Contains(header.Key, StringComparer.OrdinalIgnoreCase)).ToDictionary(StringComparer.OrdinalIgnoreCase);

    private async Task<HttpResponseMessage> SendOnceAsync(OutboundCall call, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(call.Method, call.Url);
        if (call.Body is { } body)
        {
            request.Content = new ReadOnlyMemoryContent(body);
        }

        foreach (var (name, value) in call.Headers.Concat(call.SecretHeaders))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                // A header of the content, such as Content-Type; without content it means nothing.
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        if (!request.Headers.Contains("User-Agent"))
        {
            request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Modular", null));
        }

        using var patience = new CancellationTokenSource(_limits.Answer, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await _http.SendAsync(request, both.Token);
        }
        catch (OperationCanceledException late) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{call.Url.Host} did not answer within {_limits.Answer.TotalSeconds:N0} s.", late);
        }
        catch (HttpRequestException problem) when (problem.InnerException is OutboundRefusedException refused)
        {
            throw new OutboundRefusedException(refused.Message, problem);
        }
    }

    /// <summary>Passes the trace on, and nothing else: baggage of our clients is not meant for strangers.</summary>
    private sealed class TraceParentOnly : DistributedContextPropagator
    {
        private readonly DistributedContextPropagator _all = CreateW3CPropagator();

        public override IReadOnlyCollection<string> Fields { get; } = ["traceparent"];

        public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter)
        {
            if (activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id })
            {
                setter?.Invoke(carrier, "traceparent", id);
            }
        }

        public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) =>
            _all.ExtractTraceIdAndState(carrier, getter, out traceId, out traceState);

        public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => [];
    }
}
