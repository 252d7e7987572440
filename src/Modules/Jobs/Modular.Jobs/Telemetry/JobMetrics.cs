using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;
using Prometheus;

namespace Modular.Jobs.Telemetry;

/// <summary>The job metrics of this replica. Types come from the catalog of handlers, so no label is unbounded.</summary>
internal sealed class JobMetrics
{
    private readonly Counter _submitted;
    private readonly Counter _finished;
    private readonly Counter _rescued;
    private readonly Histogram _duration;
    private readonly Histogram _wait;
    private readonly Gauge _streams;
    private readonly Gauge _activeGauge;
    private int _active;

    public JobMetrics(IMetricFactory metrics, JobsOptions options)
    {
        _submitted = metrics.CreateCounter("modular_jobs_submitted_total", "Jobs accepted.", ["type"]);
        _finished = metrics.CreateCounter("modular_jobs_finished_total", "Attempts that ended, by outcome.", ["type", "outcome"]);
        _rescued = metrics.CreateCounter("modular_jobs_rescued_total", "Jobs taken over from dead replicas by this one.");
        _duration = metrics.CreateHistogram("modular_job_duration_seconds", "Time from claim to the end of an attempt.", ["type"]);
        _wait = metrics.CreateHistogram("modular_job_wait_seconds", "Time from submission (or due time) to the first claim.");
        _streams = metrics.CreateGauge("modular_event_streams", "Event streams open on this replica.");
        _activeGauge = metrics.CreateGauge("modular_workers_active", "Handlers running on this replica.");
        metrics.CreateGauge("modular_workers_capacity", "Handlers that this replica runs at once.").Set(options.Concurrency);
    }

    public int Active => Volatile.Read(ref _active);

    public void Submitted(Submission job) => _submitted.WithLabels(job.Type).Inc();

    public void Started(ClaimedJob job)
    {
        _activeGauge.Set(Interlocked.Increment(ref _active));
        if (job.Attempt == 1)
        {
            _wait.Observe(Math.Max(0, (job.StartedAt - (job.Submission.RunAt ?? job.Submission.CreatedAt)).TotalSeconds));
        }
    }

    public void Ended() => _activeGauge.Set(Interlocked.Decrement(ref _active));

    public void Finished(ClaimedJob job, JobAttempt attempt, JobState state)
    {
        // An attempt that will be retried is told apart from a job that failed.
        var outcome = state == JobState.Scheduled ? "retried" : state.ToString().ToLowerInvariant();
        _finished.WithLabels(job.Submission.Type, outcome).Inc();
        _duration.WithLabels(job.Submission.Type).Observe(((attempt.FinishedAt ?? attempt.StartedAt) - attempt.StartedAt).TotalSeconds);
    }

    public void Rescued(int jobs) => _rescued.Inc(jobs);

    public IDisposable TrackStream() => _streams.TrackInProgress();
}
