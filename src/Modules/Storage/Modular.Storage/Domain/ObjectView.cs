namespace Modular.Storage.Domain;

/// <summary>An object as clients see it.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ContentType">Its media type.</param>
/// <param name="Sha256">SHA-256 of the bytes, lower-case hex.</param>
/// <param name="Etag">The strong entity tag, quotes included.</param>
/// <param name="CreatedAt">When these bytes were published under the key.</param>
/// <param name="ExpiresAt">When it disappears; null: never.</param>
internal sealed record ObjectView(string Key, long Size, string ContentType, string Sha256, string Etag, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt)
{
    public static ObjectView Of(StoredObject stored) =>
        new(stored.Key, stored.Size, stored.ContentType, stored.Sha256, stored.ETag, stored.CreatedAt, stored.ExpiresAt);
}
