using Microsoft.AspNetCore.Builder;

namespace Modular.BuildingBlocks.Http;

/// <summary>Gives every response its <c>X-Request-Id</c>: the client's own when it is short and harmless, else the server's.</summary>
internal static class RequestIds
{
    private const string Header = "X-Request-Id";

    public static void UseRequestIds(this WebApplication app) => app.Use((context, next) =>
    {
        var given = context.Request.Headers[Header].ToString();
        if (given.Length is > 0 and <= 100 && given.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            context.TraceIdentifier = given;
        }

        // When the answer starts, since the exception handler clears all headers that were set before.
        context.Response.OnStarting(() =>
        {
            context.Response.Headers[Header] = context.TraceIdentifier;
            return Task.CompletedTask;
        });
        return next(context);
    });
}
