using Modular.BuildingBlocks.Configuration;

namespace Modular.BuildingBlocks.Http;

/// <summary>Which other sites' pages may call, from a browser.</summary>
/// <param name="Allowed">Exact origins.</param>
/// <param name="IsAnyAllowed"><c>*</c>, in Development only.</param>
public sealed record OriginOptions(IReadOnlyList<string> Allowed, bool IsAnyAllowed)
{
    internal static OriginOptions Read(Settings settings)
    {
        var listed = settings.List("ALLOWED_ORIGINS", "origins of other sites whose pages may call this API, such as https://app.example.com; * is for Development only");
        foreach (var origin in listed)
        {
            if (origin == "*")
            {
                if (!settings.IsDevelopment)
                {
                    settings.AddProblem("ALLOWED_ORIGINS is \"*\": in Production every origin must be listed, since browsers send credentials along");
                }
            }
            else if (!IsOrigin(origin))
            {
                settings.AddProblem($"ALLOWED_ORIGINS has \"{origin}\": it must be an origin such as https://app.example.com, without a path or a slash at the end");
            }
        }

        return new OriginOptions([.. listed.Where(origin => origin != "*")], listed.Contains("*"));
    }

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.GetLeftPart(UriPartial.Authority) == text && url.UserInfo.Length == 0;
}
