using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Http.Limits;

namespace Modular.BuildingBlocks.Http;

/// <summary>One event of a <c>text/event-stream</c>.</summary>
/// <param name="Id">Sent as <c>id:</c>; a client that comes back names the last one it saw. Null: the event is not part of the sequence.</param>
/// <param name="Name">Sent as <c>event:</c>.</param>
/// <param name="Data">Sent as one line of JSON.</param>
public sealed record StreamEvent(long? Id, string Name, object Data);

/// <summary>
/// Writes events as they come (WHATWG HTML, "Server-sent events"): headers and a retry hint at once, a comment when 15 s pass in silence
/// (proxies cut silent connections), never compressed, never buffered by nginx, ended when the Host stops, so many per client and no more.
/// </summary>
public sealed class ServerSentEvents(IAsyncEnumerable<StreamEvent> events) : IResult, IEndpointMetadataProvider
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);
    private static readonly byte[] Opening = "retry: 2000\n\n"u8.ToArray();
    private static readonly byte[] Ping = ": ping\n\n"u8.ToArray();

    public static void PopulateMetadata(System.Reflection.MethodInfo method, Microsoft.AspNetCore.Builder.EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/event-stream"]));
        builder.Metadata.Add(UnratedRoute.Instance);
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var services = httpContext.RequestServices;
        using var place = services.GetRequiredService<StreamLimits>().Open(httpContext);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(httpContext.RequestAborted, services.GetRequiredService<Lifecycle>().Stopping);
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache, no-store";
        response.Headers["X-Accel-Buffering"] = "no";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        await using var source = events.GetAsyncEnumerator(ended.Token);
        Task<bool>? next = null;
        try
        {
            await response.Body.WriteAsync(Opening, ended.Token);
            await response.Body.FlushAsync(ended.Token);
            next = source.MoveNextAsync().AsTask();
            while (await WaitAsync(next, services.GetRequiredService<TimeProvider>(), ended.Token) is var waited && waited != Waited.Ended)
            {
                if (waited == Waited.InSilence)
                {
                    await response.Body.WriteAsync(Ping, ended.Token);
                }
                else
                {
                    await response.Body.WriteAsync(Frame(source.Current), ended.Token);
                    next = source.MoveNextAsync().AsTask();
                    if (next.IsCompleted)
                    {
                        // More is at hand: one flush for the burst.
                        continue;
                    }
                }

                await response.Body.FlushAsync(ended.Token);
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // The client left, or the Host stops: the client resumes elsewhere by its last id.
        }
        finally
        {
            // A source must not be disposed while it still looks for its next event.
            await ended.CancelAsync();
            await ((Task)(next ?? Task.FromResult(false))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<Waited> WaitAsync(Task<bool> next, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!next.IsCompleted)
        {
            using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (await Task.WhenAny(next, Task.Delay(Silence, time, quiet.Token)) != next)
            {
                cancellationToken.ThrowIfCancellationRequested();
                return Waited.InSilence;
            }

            await quiet.CancelAsync();
        }

        return await next ? Waited.ForEvent : Waited.Ended;
    }

    private static byte[] Frame(StreamEvent item)
    {
        var frame = new StringBuilder();
        if (item.Id is { } id)
        {
            frame.Append(CultureInfo.InvariantCulture, $"id: {id}\n");
        }

        return Encoding.UTF8.GetBytes(frame.Append(CultureInfo.InvariantCulture, $"event: {item.Name}\ndata: {JsonSerializer.Serialize(item.Data, Json.Options)}\n\n").ToString());
    }

    private enum Waited
    {
        ForEvent,
        InSilence,
        Ended,
    }
}
