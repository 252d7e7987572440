using System.Collections.Concurrent;

namespace Modular.Ops.Authentication;

/// <summary>When each key was last used, kept in memory until the next round writes it: a request writes nothing.</summary>
internal sealed class KeyUses(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _uses = new();

    public void Note(Caller caller)
    {
        // Admin and anonymous are no stored keys. Bounded by the number of keys that exist: only recognized ones come here.
        if (Guid.TryParse(caller.Id, out var id))
        {
            _uses[id] = time.GetUtcNow();
        }
    }

    /// <summary>What was not written yet.</summary>
    public KeyValuePair<Guid, DateTimeOffset>[] Unwritten() => [.. _uses];

    /// <summary>Drops what was written, unless the key was used again meanwhile.</summary>
    public void Written(IEnumerable<KeyValuePair<Guid, DateTimeOffset>> uses)
    {
        foreach (var use in uses)
        {
            _uses.TryRemove(use);
        }
    }
}
