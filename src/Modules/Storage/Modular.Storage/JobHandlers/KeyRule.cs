using FluentValidation;
using Modular.Storage.Domain;

namespace Modular.Storage.JobHandlers;

/// <summary>The API's rules for keys and prefixes, for payloads: a job that names an impossible object is refused when it is submitted.</summary>
internal static class KeyRule
{
    public static IRuleBuilderOptionsConditions<T, string?> IsObjectKey<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Custom((key, context) =>
        {
            if (!ObjectKey.TryParse(key, out _, out var problem))
            {
                context.AddFailure(problem);
            }
        });

    public static IRuleBuilderOptionsConditions<T, string?> IsKeyPrefix<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Custom((prefix, context) =>
        {
            if (prefix is not null && KeyRange.Check(prefix) is { } problem)
            {
                context.AddFailure(problem);
            }
        });
}
