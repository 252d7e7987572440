using Microsoft.Extensions.Logging;
using Modular.Storage.Blobs;
using Modular.Storage.Domain;
using Modular.Storage.Persistence;

namespace Modular.Storage.Objects;

/// <summary>Takes a key away, then its bytes: readers that have opened them read on.</summary>
internal sealed class ObjectRemover(ObjectPointers pointers, IBlobStore blobs, ILogger<ObjectRemover> logger)
{
    public async Task RemoveAsync(string key, WriteConditions conditions, CancellationToken cancellationToken)
    {
        if (await pointers.DeleteAsync(key, conditions, cancellationToken) is { } blob)
        {
            await blobs.DiscardAsync([blob], logger);
        }
    }
}
