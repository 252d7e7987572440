using System.Net.Http.Headers;

namespace Modular.Storage.Domain;

/// <summary>What a stored content type may be.</summary>
internal static class MediaType
{
    public const string Default = "application/octet-stream";

    public const int MaxLength = 255;

    public static bool IsValid(string text) =>
        text.Length <= MaxLength && text.All(c => c is >= ' ' and <= '~') && MediaTypeHeaderValue.TryParse(text, out var type) && type.MediaType?.Contains('*', StringComparison.Ordinal) == false;
}
