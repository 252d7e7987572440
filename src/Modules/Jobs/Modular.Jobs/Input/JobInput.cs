using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text.Json;
using FluentValidation;
using Modular.Jobs.Domain;
using Modular.Jobs.Engine;
using Modular.Jobs.Persistence;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs.Input;

/// <summary>One job as clients submit it, alone or in a batch.</summary>
internal sealed record JobInput
{
    [Description("A type of GET /job-types.")]
    public string Type { get; init; } = "";

    [Description("What the type's payloadSchema asks for; at most 256 KiB.")]
    public JsonElement Payload { get; init; }

    public string Queue { get; init; } = Defaults.Queue;

    [Description("-100 to 100, higher first.")]
    public int Priority { get; init; }

    [Description("Not before this time; at most a year ahead; not together with delaySeconds.")]
    public DateTimeOffset? RunAt { get; init; }

    [Description("Not before this many seconds have passed.")]
    public int? DelaySeconds { get; init; }

    [Description("1 to 50; 1: the job never runs twice.")]
    public int MaxAttempts { get; init; } = Defaults.MaxAttempts;

    [Description("Per attempt; 1 to 86400.")]
    public int TimeoutSeconds { get; init; } = Defaults.TimeoutSeconds;

    public Backoff? Backoff { get; init; }

    [Description("At most 16 of 64 characters.")]
    public IReadOnlyList<string>? Tags { get; init; }

    [Description("At most 32 entries; keys of 64, values of 512 characters.")]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    internal NewJob ToNewJob()
    {
        var defaults = new Submission { Id = Guid.CreateVersion7(), Type = Type, Payload = Payload };
        return new NewJob(
            defaults with
            {
                Queue = Queue,
                Priority = Priority,
                MaxAttempts = MaxAttempts,
                TimeoutSeconds = TimeoutSeconds,
                Backoff = Backoff ?? defaults.Backoff,
                Tags = Tags ?? [],
                Metadata = Metadata ?? defaults.Metadata,
                TraceParent = JobTrace.Current,
            },
            RunAt,
            DelaySeconds);
    }
}

/// <summary>The contract's bounds, then the type's own rules for its payload: refused now, not when it runs.</summary>
internal sealed class JobInputValidator : AbstractValidator<JobInput>
{
    private const int Year = 366 * 86400;

    public JobInputValidator(JobTypes types, TimeProvider time)
    {
        RuleFor(job => job.Type).Must(JobRules.IsName).WithMessage(JobRules.NameRule)
            .DependentRules(() => RuleFor(job => job.Type).Must(type => types.Find(type) is not null).WithMessage("is not a known job type; GET /api/v1/job-types lists them"));
        RuleFor(job => job.Queue).Must(JobRules.IsName).WithMessage(JobRules.NameRule);
        RuleFor(job => job.Priority).InclusiveBetween(-100, 100).WithMessage("must be from -100 to 100");
        RuleFor(job => job.MaxAttempts).InclusiveBetween(1, 50).WithMessage("must be from 1 to 50");
        RuleFor(job => job.TimeoutSeconds).InclusiveBetween(1, 86400).WithMessage("must be from 1 to 86400");
        RuleFor(job => job.DelaySeconds).InclusiveBetween(0, Year).WithMessage("must be from 0 to a year");
        RuleFor(job => job.DelaySeconds).Null().When(job => job.RunAt is not null).WithMessage("cannot be given together with runAt");
        RuleFor(job => job.RunAt).Must(runAt => runAt is null || runAt <= time.GetUtcNow().AddSeconds(Year)).WithMessage("must be at most a year ahead");
        RuleFor(job => job.Backoff!).SetValidator(new BackoffValidator()).When(job => job.Backoff is not null);
        RuleFor(job => job.Tags).Must(tags => tags is null || (tags.Count <= JobRules.MaxTags && tags.All(tag => IsText(tag, 1, JobRules.MaxTagLength))))
            .WithMessage($"must be at most {JobRules.MaxTags} texts of 1 to {JobRules.MaxTagLength} characters");
        RuleFor(job => job.Metadata).Must(entries => entries is null || (entries.Count <= JobRules.MaxMetadata
                && entries.All(entry => IsText(entry.Key, 1, JobRules.MaxMetadataKey) && IsText(entry.Value, 0, JobRules.MaxMetadataValue))))
            .WithMessage($"must be at most {JobRules.MaxMetadata} entries with keys of 1 to {JobRules.MaxMetadataKey} and values of at most {JobRules.MaxMetadataValue} characters");
        RuleFor(job => job.Payload).Custom((payload, context) => CheckPayload(types, payload, context));
    }

    private static bool IsText(string? text, int min, int max) => text is not null && text.Length >= min && text.Length <= max && !text.Contains('\0', StringComparison.Ordinal);

    private static void CheckPayload(JobTypes types, JsonElement payload, ValidationContext<JobInput> context)
    {
        if (payload.ValueKind != JsonValueKind.Object)
        {
            context.AddFailure("payload", "must be an object");
        }
        else if (JsonMarshal.GetRawUtf8Value(payload).Length > JobRules.MaxPayloadBytes)
        {
            context.AddFailure("payload", $"must be at most {JobRules.MaxPayloadBytes / 1024} KiB of JSON; upload larger inputs as objects");
        }
        else if (StorableJson.FindProblem(payload, "payload") is { } problem)
        {
            context.AddFailure(problem.Path, problem.Message);
        }
        else if (types.Find(context.InstanceToValidate.Type) is { } type)
        {
            foreach (var (field, messages) in type.Check(payload))
            {
                foreach (var message in messages)
                {
                    context.AddFailure(field, message);
                }
            }
        }
    }

    private sealed class BackoffValidator : AbstractValidator<Backoff>
    {
        public BackoffValidator()
        {
            RuleFor(backoff => backoff.Kind).IsInEnum().WithMessage("must be fixed or exponential");
            RuleFor(backoff => backoff.BaseSeconds).InclusiveBetween(1, 86400).WithMessage("must be from 1 to 86400");
            RuleFor(backoff => backoff.MaxSeconds).InclusiveBetween(1, 86400).WithMessage("must be from 1 to 86400");
            RuleFor(backoff => backoff.MaxSeconds).GreaterThanOrEqualTo(backoff => backoff.BaseSeconds).WithMessage("must be at least baseSeconds");
        }
    }
}
