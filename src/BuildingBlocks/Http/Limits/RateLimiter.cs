using Microsoft.AspNetCore.Http;

namespace Modular.BuildingBlocks.Http.Limits;

/// <summary>Which allowances a request counts against.</summary>
internal sealed class RateLimiter(LimitOptions options, TimeProvider time)
{
    private readonly FixedWindows _all = new(time);
    private readonly FixedWindows _expensive = new(time);
    private readonly FixedWindows _wrongKeys = new(time);

    /// <summary>The allowances that the request counted against; none: it is not limited. The first that is used up ends the list.</summary>
    public IReadOnlyList<(string Policy, RateLease Lease)> Take(HttpContext context, bool isWrongKey)
    {
        var endpoint = context.GetEndpoint()?.Metadata;
        if (isWrongKey && options.PerMinute > 0)
        {
            _wrongKeys.Take(RateClient.Of(context.Connection.RemoteIpAddress), options.PerMinute);
        }

        // A wrong key counts everywhere: no route is open to guessing.
        if (endpoint?.GetMetadata<UnratedRoute>() is not null && !isWrongKey)
        {
            return [];
        }

        var client = RateClient.Of(context, out var own);
        if (own is { } perMinute)
        {
            // Whoever gave the key a rate meant all that it calls: the address it calls from does not matter any more.
            return [("key", _all.Take(client, perMinute))];
        }

        var leases = new List<(string, RateLease)>(2);
        if (options.PerMinute > 0)
        {
            var lease = _all.Take(client, options.PerMinute);
            leases.Add(("client", lease));
            if (!lease.IsGranted)
            {
                return leases;
            }
        }

        if (options.ExpensivePerMinute > 0 && endpoint?.GetMetadata<ExpensiveRoute>() is not null)
        {
            leases.Add(("expensive", _expensive.Take(client, options.ExpensivePerMinute)));
        }

        return leases;
    }

    /// <summary>Seconds until this address may present a key again; null: now.</summary>
    public int? WaitAfterWrongKeys(HttpContext context) =>
        options.PerMinute > 0 && _wrongKeys.WaitOf(RateClient.Of(context.Connection.RemoteIpAddress), options.PerMinute) is { } wait
            ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds))
            : null;
}
