using System.Text.RegularExpressions;

namespace Modular.Jobs.Domain;

/// <summary>The bounds of the contract.</summary>
internal static partial class JobRules
{
    public const int MaxPayloadBytes = 256 * 1024;
    public const int MaxTags = 16;
    public const int MaxTagLength = 64;
    public const int MaxMetadata = 32;
    public const int MaxMetadataKey = 64;
    public const int MaxMetadataValue = 512;
    public const int MaxBatch = 1000;
    public const int MaxIdempotencyKey = 200;

    public const string NameRule = "must match [a-z0-9][a-z0-9._-]{0,63}";

    /// <summary>Queue and type names.</summary>
    public static bool IsName(string? name) => name is not null && Name().IsMatch(name);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z", RegexOptions.None, 1000)]
    private static partial Regex Name();
}
