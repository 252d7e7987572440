using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Modular.BuildingBlocks.Security;

/// <summary>The audit trail as one request sees it.</summary>
public interface IAuditTrail
{
    /// <summary>
    /// Puts an entry into the request's document session, unsaved: a handler that saves that session commits action and entry in one transaction.
    /// </summary>
    void Stage(string actor, string action, string? target, string? clientIp);

    /// <summary>What only the use case knows about the entry of this request; ignored when the endpoint is not audited.</summary>
    /// <param name="target">What it was done to, when the route does not say it; null leaves it as it is.</param>
    /// <param name="detail">What was changed, without secrets.</param>
    void Describe(string? target, string? detail);

    /// <summary>The call only looked: it leaves no entry.</summary>
    void Withdraw();

    /// <summary>Saves the entry if the handler's own commit did not take it along.</summary>
    Task SaveAsync(CancellationToken cancellationToken);
}

/// <summary>Marks endpoints whose successful calls belong into the audit trail.</summary>
public static class Audit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Records who did it, to what and from where. With a handler that uses the request's document session the entry is part of its transaction;
    /// with one that owns its connection it is written right after the success, so a crash between the two loses the entry, never the action.
    /// A refused or failed call leaves none.
    /// </summary>
    /// <param name="endpoint">The endpoint; its last route value is the target unless the use case says otherwise.</param>
    /// <param name="action">Such as <c>queue.pause</c>.</param>
    public static RouteHandlerBuilder Audited(this RouteHandlerBuilder endpoint, string action) =>
        endpoint.WithMetadata(new AuditedAction(action)).AddEndpointFilter(async (invocation, next) =>
        {
            var context = invocation.HttpContext;
            var trail = context.RequestServices.GetRequiredService<IAuditTrail>();
            trail.Stage(ActorOf(context.User), action, context.Request.RouteValues.Values.LastOrDefault()?.ToString(), context.Connection.RemoteIpAddress?.ToString());
            var result = await next(invocation);
            if (result is not IStatusCodeHttpResult { StatusCode: >= StatusCodes.Status400BadRequest })
            {
                // Not the request's token: a client that hangs up after the deed must not keep it out of the trail.
                using var timeout = new CancellationTokenSource(Patience);
                await trail.SaveAsync(timeout.Token);
            }

            return result;
        });

    // "ci-bot (0198…)": the name for people, the id since names repeat.
    private static string ActorOf(ClaimsPrincipal caller)
    {
        var (id, name) = (caller.FindFirstValue(ClaimTypes.NameIdentifier), caller.FindFirstValue(ClaimTypes.Name));
        return id is null ? "unknown" : name is null || name == id ? id : $"{name} ({id})";
    }
}

/// <summary>The action that an audited endpoint records.</summary>
public sealed record AuditedAction(string Action);
