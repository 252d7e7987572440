using System.Security.Cryptography;
using Marten;
using Marten.Linq.MatchesSql;
using Microsoft.Extensions.Caching.Memory;
using Modular.BuildingBlocks.Http;
using Modular.Ops.Domain;

namespace Modular.Ops.Authentication;

/// <summary>
/// Recognizes callers. What the database said about a key is believed for two seconds: so long a revoked key may live on another replica,
/// and so rarely does a busy key cost a query. The admin key needs no database: its owner gets in while it is down.
/// </summary>
internal sealed class KeyRing(IDocumentStore documents, OpsOptions options) : IDisposable
{
    private static readonly TimeSpan Believed = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = 10_000 });
    private readonly byte[]? _adminHash = options.AdminApiKey is { } key ? KeyText.Hash(key) : null;

    /// <summary>Part of an admin session's signature: another admin key ends the sessions of the old one.</summary>
    public ReadOnlySpan<byte> AdminHash => _adminHash;

    /// <summary>The owner of a key's text; null when it is unknown, revoked or expired.</summary>
    /// <exception cref="Refusal">503: the database does not answer.</exception>
    public async Task<Caller?> FindByTextAsync(string text, CancellationToken cancellationToken)
    {
        var hash = KeyText.Hash(text);
        if (_adminHash is not null && CryptographicOperations.FixedTimeEquals(hash, _adminHash))
        {
            return Caller.Admin;
        }

        if (!KeyText.IsWellFormed(text))
        {
            return null;
        }

        var hex = Convert.ToHexStringLower(hash);
        var key = await RecallAsync(hex, () => LoadAsync(keys => keys.Where(key => key.Hash == hex)), cancellationToken);
        return key is not null && CryptographicOperations.FixedTimeEquals(Convert.FromHexString(key.Hash), hash) ? Caller.Of(key) : null;
    }

    /// <summary>The caller that a session names; null when its key was revoked or has expired since.</summary>
    /// <exception cref="Refusal">503: the database does not answer.</exception>
    public async Task<Caller?> FindByIdAsync(string id, CancellationToken cancellationToken)
    {
        if (string.Equals(id, Caller.Admin.Id, StringComparison.Ordinal))
        {
            return _adminHash is null ? null : Caller.Admin;
        }

        var key = Guid.TryParse(id, out var guid)
            ? await RecallAsync(guid, () => LoadAsync(keys => keys.Where(key => key.Id == guid)), cancellationToken)
            : null;
        return key is null ? null : Caller.Of(key);
    }

    /// <summary>The key was revoked here: this replica refuses it at once, others within two seconds.</summary>
    public void Forget(ApiKey key)
    {
        _cache.Remove(key.Hash);
        _cache.Remove(key.Id);
    }

    public void Dispose() => _cache.Dispose();

    // The load is shared by all who ask meanwhile, so that no caller's cancellation may end it; a failure is remembered like an answer,
    // which keeps a database that is down from being asked by every request.
    private async Task<ApiKey?> RecallAsync(object name, Func<Task<ApiKey?>> load, CancellationToken cancellationToken)
    {
        var answer = _cache.GetOrCreate(name, entry =>
        {
            entry.SetAbsoluteExpiration(Believed).SetSize(1);
            return load();
        })!;
        try
        {
            return await answer.WaitAsync(Patience, cancellationToken);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            throw Refusal.Unavailable("API keys cannot be checked: the database does not answer; try again in a moment.", Believed);
        }
    }

    private async Task<ApiKey?> LoadAsync(Func<IQueryable<ApiKey>, IQueryable<ApiKey>> which)
    {
        await using var session = documents.QuerySession();
        // Expiry by the database's clock: replicas with skewed clocks agree.
        return await which(session.Query<ApiKey>())
            .Where(key => key.MatchesSql("(d.data ->> 'expiresAt' IS NULL OR (d.data ->> 'expiresAt')::timestamptz > now())"))
            .FirstOrDefaultAsync();
    }
}
