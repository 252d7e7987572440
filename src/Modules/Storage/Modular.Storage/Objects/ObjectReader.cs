using Microsoft.Extensions.Logging;
using Modular.BuildingBlocks.Http;
using Modular.Storage.Blobs;
using Modular.Storage.Domain;
using Modular.Storage.Persistence;

namespace Modular.Storage.Objects;

/// <summary>The one read path: which bytes of which object answer, and a stream of them.</summary>
internal sealed partial class ObjectReader(ObjectPointers pointers, IBlobStore blobs, ILogger<ObjectReader> logger)
{
    private const int Tries = 3;

    /// <param name="key">The object's key.</param>
    /// <param name="conditions">The request's conditional headers.</param>
    /// <param name="withBody">False for HEAD: nothing is opened.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="Refusal">404: no such object; 412: a condition does not hold.</exception>
    public async Task<ObjectDownload> OpenAsync(string key, ReadConditions conditions, bool withBody, CancellationToken cancellationToken)
    {
        // A writer may replace the object between the two look-ups and its blob is gone at once: then the key leads to the new one.
        for (var attempt = 1; ; attempt++)
        {
            var stored = await pointers.FindAsync(key, cancellationToken)
                ?? throw Refusal.NotFound($"There is no object \"{key}\"; GET /api/v1/objects?prefix= lists what there is.");
            var selection = conditions.Select(stored.ETag, stored.CreatedAt, stored.Size);
            switch (selection.Kind)
            {
                case SelectionKind.PreconditionFailed:
                    throw Refusal.PreconditionFailed($"The object \"{key}\" is another one than the condition asks for; its ETag is {stored.ETag}.");
                case SelectionKind.Whole or SelectionKind.Range when withBody && selection.Length > 0:
                    if (await blobs.OpenAsync(stored.BlobId, selection.Offset, selection.Length, cancellationToken) is { } bytes)
                    {
                        return new ObjectDownload(stored, selection, bytes);
                    }

                    break;
                default:
                    return new ObjectDownload(stored, selection, null);
            }

            if (attempt == Tries)
            {
                BytesAreMissing(logger, key, stored.BlobId);
                throw new InvalidOperationException($"The bytes of \"{key}\" (blob {stored.BlobId}) are not in the store.");
            }
        }
    }

    [LoggerMessage(201, LogLevel.Error, "The object {Key} has no bytes: the blob {BlobId} is not in the store")]
    private static partial void BytesAreMissing(ILogger logger, string key, Guid blobId);
}

/// <summary>An answer to a download.</summary>
/// <param name="Object">What the key points at.</param>
/// <param name="Selection">Which bytes of it.</param>
/// <param name="Bytes">Exactly those bytes; null when there are none to send. Whoever sends them disposes it.</param>
internal sealed record ObjectDownload(StoredObject Object, Selection Selection, Stream? Bytes);
