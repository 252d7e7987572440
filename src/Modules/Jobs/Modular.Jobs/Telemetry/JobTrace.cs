using System.Diagnostics;
using Modular.Jobs.Domain;

namespace Modular.Jobs.Telemetry;

/// <summary>One trace from the request that submitted a job, over the worker that runs it, to the calls that it makes.</summary>
internal static class JobTrace
{
    private static readonly ActivitySource Source = new("Modular.Jobs");

    /// <summary>The trace that this request belongs to: when a client began it, or when traces are exported.</summary>
    public static string? Current => Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity && (activity.HasRemoteParent || activity.Recorded) ? activity.Id : null;

    /// <summary>The span of one attempt, current until disposed; null when the job belongs to no trace.</summary>
    public static Activity? Start(Submission job, int attempt)
    {
        if (job.TraceParent is not { } parent || !ActivityContext.TryParse(parent, traceState: null, isRemote: true, out var context))
        {
            return null;
        }

        // Without an exporter nobody listens, and the source makes no span: a bare one still passes the trace on.
        var span = Source.StartActivity($"job {job.Type}", ActivityKind.Consumer, context) ?? new Activity($"job {job.Type}").SetParentId(context.TraceId, context.SpanId, context.TraceFlags).Start();
        return span.SetTag("modular.job.id", job.Id.ToString()).SetTag("modular.job.type", job.Type).SetTag("modular.job.queue", job.Queue).SetTag("modular.job.attempt", attempt);
    }
}
