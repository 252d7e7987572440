using FluentValidation;
using Modular.Jobs.Domain;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Input;

/// <summary>Which jobs a client means; everything given must hold.</summary>
internal sealed record JobSelection(
    IReadOnlyList<string>? State = null,
    string? Type = null,
    string? Queue = null,
    string? Tag = null,
    DateTimeOffset? CreatedAfter = null,
    DateTimeOffset? CreatedBefore = null,
    Guid? Id = null)
{
    internal JobFilter ToFilter() => new()
    {
        State = State?.Select(state => Enum.Parse<JobState>(state, ignoreCase: true)).Distinct().ToArray(),
        Type = Type,
        Queue = Queue,
        Tag = Tag,
        CreatedAfter = CreatedAfter,
        CreatedBefore = CreatedBefore,
        Id = Id,
    };
}

internal sealed class JobSelectionValidator : AbstractValidator<JobSelection>
{
    private static readonly string[] States = [.. Enum.GetNames<JobState>().Select(name => name.ToLowerInvariant())];

    public JobSelectionValidator()
    {
        RuleForEach(selection => selection.State).Must(state => States.Contains(state, StringComparer.Ordinal)).WithMessage($"must be one of {string.Join(", ", States)}");
        RuleFor(selection => selection.Type).Must(JobRules.IsName!).When(selection => selection.Type is not null).WithMessage(JobRules.NameRule);
        RuleFor(selection => selection.Queue).Must(JobRules.IsName!).When(selection => selection.Queue is not null).WithMessage(JobRules.NameRule);
        RuleFor(selection => selection.Tag).Must(tag => tag!.Length is > 0 and <= JobRules.MaxTagLength && !tag.Contains('\0', StringComparison.Ordinal))
            .When(selection => selection.Tag is not null).WithMessage($"must be 1 to {JobRules.MaxTagLength} characters");
    }
}
