using System.Text.Json;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Domain;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Jobs;

/// <summary>Which events the record tells, and under which numbers; the numbers it leaves out are those of stored events.</summary>
public sealed class JobHistoryTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
    private static readonly JobError Broken = new("IOException", "broken");

    [Fact]
    public void A_job_that_waits_has_its_submission_as_event_1()
    {
        Tell(JobRecord.New(Submitted())).ShouldBe(["1 queued 0"]);
        Tell(JobRecord.New(Submitted(runAt: Noon.AddHours(1)))).ShouldBe(["1 scheduled 0"]);
    }

    [Fact]
    public void The_plain_course_is_queued_running_succeeded_end() =>
        Tell(Finished(JobState.Succeeded, endSeq: 4, Attempt(1, startSeq: 2, AttemptOutcome.Succeeded)))
            .ShouldBe(["1 queued 0", "2 running 1 w1", "3 succeeded 1 w1", "4 end succeeded"]);

    [Fact]
    public void Log_lines_and_progress_leave_their_numbers_free() =>
        Tell(Finished(JobState.Succeeded, endSeq: 104, Attempt(1, startSeq: 2, AttemptOutcome.Succeeded)))
            .ShouldBe(["1 queued 0", "2 running 1 w1", "103 succeeded 1 w1", "104 end succeeded"]);

    [Fact]
    public void A_running_job_tells_of_its_current_attempt()
    {
        var job = Living(new LiveState { State = JobState.Running, Attempt = 1, MaxAttempts = 5, Worker = "w1", StartedAt = Noon, EventSeq = 7, StartSeq = 2 });

        Tell(job).ShouldBe(["1 queued 0", "2 running 1 w1"]);
        job.LastSeq.ShouldBe(7);
    }

    [Fact]
    public void Each_failed_attempt_tells_of_its_start_and_of_its_rescheduling_with_the_error()
    {
        var job = Living(new LiveState
        {
            State = JobState.Running, Attempt = 3, MaxAttempts = 5, Worker = "w3", StartedAt = Noon, EventSeq = 8, StartSeq = 8,
            Attempts = [Attempt(1, startSeq: 2, AttemptOutcome.Failed, rescheduledSeq: 3), Attempt(2, startSeq: 5, AttemptOutcome.Lost, rescheduledSeq: 6)],
        });

        Tell(job).ShouldBe(["1 queued 0", "2 running 1 w1", "3 scheduled 1 w1 broken", "5 running 2 w2", "6 scheduled 2 w2 broken", "8 running 3 w3"]);
    }

    [Fact]
    public void A_job_that_failed_for_good_ends_with_its_error() =>
        Tell(Finished(JobState.Failed, endSeq: 7, Attempt(1, startSeq: 2, AttemptOutcome.Failed, rescheduledSeq: 3), Attempt(2, startSeq: 5, AttemptOutcome.Failed)))
            .ShouldBe(["1 queued 0", "2 running 1 w1", "3 scheduled 1 w1 broken", "5 running 2 w2", "6 failed 2 w2 broken", "7 end failed broken"]);

    [Fact]
    public void An_attempt_that_was_given_back_leaves_its_numbers_to_stored_events()
    {
        // 2 running and 3 queued were stored when it was given back; the attempt that counts began with 4.
        Tell(Finished(JobState.Succeeded, endSeq: 6, Attempt(1, startSeq: 4, AttemptOutcome.Succeeded)))
            .ShouldBe(["1 queued 0", "4 running 1 w1", "5 succeeded 1 w1", "6 end succeeded"]);
        Tell(Living(new LiveState { State = JobState.Queued, Attempt = 0, MaxAttempts = 5, EventSeq = 3, StartSeq = 2 })).ShouldBe(["1 queued 0"]);
    }

    [Fact]
    public void A_job_that_was_cancelled_while_it_waited_has_no_worker() =>
        Tell(Finished(JobState.Cancelled, endSeq: 3)).ShouldBe(["1 queued 0", "2 cancelled 0", "3 end cancelled"]);

    [Fact]
    public void A_retry_goes_on_behind_the_old_end()
    {
        var first = Attempt(1, startSeq: 2, AttemptOutcome.Failed);
        var before = Tell(Finished(JobState.Failed, endSeq: 4, first));
        before.ShouldBe(["1 queued 0", "2 running 1 w1", "3 failed 1 w1 broken", "4 end failed broken"]);

        // 3 and 4 became stored events, 5 queued with them; the second attempt began with 6.
        var after = Tell(Finished(JobState.Succeeded, endSeq: 8, first, Attempt(2, startSeq: 6, AttemptOutcome.Succeeded)));

        after.ShouldBe(["1 queued 0", "2 running 1 w1", "6 running 2 w2", "7 succeeded 2 w2", "8 end succeeded"]);
    }

    [Fact]
    public void An_attempt_keeps_its_numbers_when_it_is_stored_as_JSON()
    {
        var attempt = Attempt(2, startSeq: 5, AttemptOutcome.TimedOut, rescheduledSeq: 6);

        JsonSerializer.Deserialize<JobAttempt>(JsonSerializer.Serialize(attempt, Json.Options), Json.Options).ShouldBe(attempt);
    }

    private static Submission Submitted(DateTimeOffset? runAt = null) =>
        new() { Id = Guid.CreateVersion7(), Type = "debug.noop", Payload = JsonSerializer.SerializeToElement(new { }), CreatedAt = Noon, RunAt = runAt };

    private static JobAttempt Attempt(int number, int startSeq, AttemptOutcome outcome, int rescheduledSeq = 0) =>
        new(number, $"w{number}", Noon, Noon.AddSeconds(1), outcome, outcome == AttemptOutcome.Succeeded ? null : Broken) { StartSeq = startSeq, RescheduledSeq = rescheduledSeq };

    private static JobRecord Living(LiveState live) => new(Submitted(), live, Outcome: null, Artifacts: []);

    private static JobRecord Finished(JobState state, int endSeq, params JobAttempt[] attempts)
    {
        var submission = Submitted();
        return new JobRecord(
            submission,
            Live: null,
            new Outcome
            {
                Id = submission.Id, State = state, Attempt = attempts.Length, MaxAttempts = 5, Attempts = attempts, FinishedAt = Noon, EndSeq = endSeq,
                Error = state == JobState.Failed ? Broken : null,
            },
            Artifacts: []);
    }

    private static string[] Tell(JobRecord job) => [.. JobHistory.Events(job).Select(item => item.Data switch
    {
        StateChanged state => Words(item.Seq, state.State.ToString().ToLowerInvariant(), state.Attempt, state.Worker, state.Error?.Message),
        Ended end => Words(item.Seq, "end", end.State.ToString().ToLowerInvariant(), end.Error?.Message),
        _ => throw new InvalidOperationException($"{item.Kind} is never derived."),
    })];

    private static string Words(params object?[] words) => string.Join(' ', words.Where(word => word is not null));
}
