using Modular.BuildingBlocks.Configuration;

namespace Modular.Ops;

/// <summary>Who may call this service.</summary>
/// <param name="AdminApiKey">The key with all scopes that needs no database; null when there is none.</param>
/// <param name="IsOpen">Everyone has all scopes: <c>AUTH_DISABLED=true</c>, or Development without an admin key.</param>
public sealed record OpsOptions(string? AdminApiKey, bool IsOpen)
{
    private const int ShortestAdminKey = 32;

    internal static OpsOptions Read(Settings settings)
    {
        var adminKey = settings.Text(
            "ADMIN_API_KEY", null, "the key with all scopes, at least 32 characters; required in Production unless AUTH_DISABLED=true", secret: true);
        var disabled = settings.Flag("AUTH_DISABLED", false, "true: everyone has all scopes");
        if (adminKey is { Length: < ShortestAdminKey })
        {
            settings.AddProblem($"ADMIN_API_KEY has {adminKey.Length} characters: it must have at least {ShortestAdminKey}");
        }
        else if (adminKey is null && !disabled && !settings.IsDevelopment)
        {
            settings.AddProblem("ADMIN_API_KEY is required in Production unless AUTH_DISABLED=true");
        }

        return new OpsOptions(adminKey, disabled || (adminKey is null && settings.IsDevelopment));
    }
}
