using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Modular.Storage.Http;

/// <summary>
/// Servers resolve dot segments before routing, so <c>PUT /objects/../jobs</c> would reach another route than the one that was asked for. For targets under
/// a key's route the path is put back, and the key rule answers with what is wrong.
/// </summary>
internal sealed class DotSegments : IStartupFilter
{
    private static readonly string[] Routes = [RequestKey.Objects, RequestKey.SignedObjects];

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, rest) =>
        {
            var raw = RequestKey.RawPath(context);
            var route = Array.Find(Routes, route => raw.StartsWith(route, StringComparison.OrdinalIgnoreCase));
            if (route is not null && HasDotSegment(raw))
            {
                context.Request.Path = new PathString(route + "-");
            }

            return rest(context);
        });
        next(app);
    };

    private static bool HasDotSegment(string rawPath)
    {
        foreach (var range in rawPath.AsSpan().Split('/'))
        {
            // "%2e" is the longest spelling of a dot: longer segments are names.
            var segment = rawPath.AsSpan(range);
            if (segment.Length is > 0 and <= 6 && segment.ToString().Replace("%2e", ".", StringComparison.OrdinalIgnoreCase) is "." or "..")
            {
                return true;
            }
        }

        return false;
    }
}
