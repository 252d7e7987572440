using Modular.Jobs.Domain;
using Shouldly;
using Xunit;
using static Modular.Jobs.Domain.JobState;
using static Modular.Jobs.Domain.JobTrigger;

namespace Modular.UnitTests.Jobs;

/// <summary>The state machine against the contract's table: what it names happens, and nothing else does.</summary>
public sealed class JobTransitionsTests
{
    private static readonly Dictionary<(JobState From, JobTrigger Trigger), JobState> Contract = new()
    {
        [(Scheduled, Due)] = Queued,
        [(Scheduled, JobTrigger.Cancelled)] = JobState.Cancelled,
        [(Queued, Claimed)] = Running,
        [(Queued, JobTrigger.Cancelled)] = JobState.Cancelled,
        [(Running, JobTrigger.Succeeded)] = JobState.Succeeded,
        [(Running, AttemptFailed)] = Scheduled,
        [(Running, Exhausted)] = Failed,
        [(Running, GivenBack)] = Queued,
        [(Running, Stopped)] = JobState.Cancelled,
        [(Failed, Retried)] = Queued,
        [(JobState.Cancelled, Retried)] = Queued,
    };

    // By name: the states are internal to their module, and a test's parameters are public.
    public static TheoryData<string, string> Cells { get; } =
        [.. Enum.GetNames<JobState>().SelectMany(state => Enum.GetNames<JobTrigger>().Select(trigger => (state, trigger)))];

    [Theory]
    [MemberData(nameof(Cells))]
    public void Every_cell_of_the_table_is_the_contracts(string state, string trigger)
    {
        var cell = Cell(state, trigger);
        JobTransitions.Next(cell.From, cell.Trigger).ShouldBe(Contract.TryGetValue(cell, out var target) ? target : null);
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_target_that_the_table_does_not_have_is_a_fault(string state, string trigger)
    {
        var cell = Cell(state, trigger);
        if (Contract.TryGetValue(cell, out var target))
        {
            JobTransitions.Target(cell.From, cell.Trigger).ShouldBe(target);
        }
        else
        {
            Should.Throw<InvalidOperationException>(() => JobTransitions.Target(cell.From, cell.Trigger)).Message.ShouldBe($"A {state} job cannot be {trigger}.");
        }
    }

    [Fact]
    public void A_job_begins_queued_or_when_its_time_is_later_scheduled()
    {
        JobTransitions.Initial(later: false).ShouldBe(Queued);
        JobTransitions.Initial(later: true).ShouldBe(Scheduled);
    }

    [Fact]
    public void Final_states_are_those_that_only_a_client_leaves()
    {
        foreach (var state in Enum.GetValues<JobState>())
        {
            var leaves = Enum.GetValues<JobTrigger>().Where(trigger => JobTransitions.Next(state, trigger) is not null).ToArray();
            state.IsFinal().ShouldBe(leaves.All(trigger => trigger == Retried), state.ToString());
        }
    }

    [Fact]
    public void The_stored_numbers_of_states_stay_what_they_are() =>
        Enum.GetValues<JobState>().Select(state => (state, (short)state)).ShouldBe(
            [(Scheduled, 0), (Queued, 1), (Running, 2), (JobState.Succeeded, 3), (Failed, 4), (JobState.Cancelled, 5)]);

    private static (JobState From, JobTrigger Trigger) Cell(string state, string trigger) => (Enum.Parse<JobState>(state), Enum.Parse<JobTrigger>(trigger));
}
