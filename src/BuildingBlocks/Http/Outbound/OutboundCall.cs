namespace Modular.BuildingBlocks.Http.Outbound;

/// <summary>A request that a client asked this service to send.</summary>
/// <param name="Method">Such as GET.</param>
/// <param name="Url">Where to; see <see cref="FindProblem(Uri)"/>.</param>
public sealed record OutboundCall(HttpMethod Method, Uri Url)
{
    private const int MaxUrl = 2048;

    /// <summary>Headers that every redirect is sent too, but <c>Authorization</c> and <c>Cookie</c>, which are secret by their names.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Headers that only the origin of <see cref="Url"/> may see: a redirect to another one loses them.</summary>
    public IReadOnlyDictionary<string, string> SecretHeaders { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null: no body.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>What is wrong with a URL, in words that follow the field's name; null when it may be called (its host is judged when it is called).</summary>
    public static string? FindProblem(string? url) =>
        url is not { Length: > 0 and <= MaxUrl } || !Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? $"must be an absolute http or https URL of at most {MaxUrl} characters"
        : FindProblem(parsed);

    /// <inheritdoc cref="FindProblem(string?)"/>
    public static string? FindProblem(Uri url) =>
        url.Scheme is not ("http" or "https") ? "must begin with http:// or https://"
        : url.UserInfo.Length > 0 ? "must not hold a user or a password; send them in a secret header"
        : url.Host.Length == 0 ? "must name a host"
        : null;
}
