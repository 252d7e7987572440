using FluentValidation;
using Modular.Storage.Domain;

namespace Modular.Storage.Http;

/// <summary>Shape rules that several slices share.</summary>
internal static class ObjectRules
{
    public static void ObjectKey<T>(this IRuleBuilder<T, string?> rule) => rule.Custom((text, context) =>
    {
        if (!Domain.ObjectKey.TryParse(text, out _, out var problem))
        {
            context.AddFailure(problem!);
        }
    });

    public static IRuleBuilderOptions<T, string?> ContentType<T>(this IRuleBuilder<T, string?> rule) => rule
        .Must(text => text is null || MediaType.IsValid(text))
        .WithMessage($"must be a media type such as text/csv, at most {MediaType.MaxLength} characters");

    public static IRuleBuilderOptions<T, int?> LinkSeconds<T>(this IRuleBuilder<T, int?> rule) => rule
        .InclusiveBetween(1, SignedUrls.MaxSeconds).WithMessage($"must be from 1 to {SignedUrls.MaxSeconds}");

    public static IRuleBuilderOptions<T, long> SignedExpiry<T>(this IRuleBuilder<T, long> rule) => rule
        .InclusiveBetween(1, UrlPermission.MaxExpires).WithMessage("must be as the signed URL has it");
}
