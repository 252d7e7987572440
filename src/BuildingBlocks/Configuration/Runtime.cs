using System.Text;

namespace Modular.BuildingBlocks.Configuration;

/// <summary>What the machine must offer, beside the settings.</summary>
public static class Runtime
{
    private const string Decomposed = "e\u0301";

    /// <summary>Notes what is missing in <paramref name="settings"/>.</summary>
    public static void Check(Settings settings)
    {
        // Without Unicode's data every text counts as normalized: two spellings of one object key would become two objects.
        if (Decomposed.IsNormalized(NormalizationForm.FormC))
        {
            settings.AddProblem("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT must not be set: object keys need Unicode normalization; unset it and install ICU (Alpine: icu-libs)");
        }
    }
}
