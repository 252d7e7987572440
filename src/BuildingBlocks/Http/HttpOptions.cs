using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Http.Limits;

namespace Modular.BuildingBlocks.Http;

/// <summary>How the service listens.</summary>
/// <param name="Port">TCP port; 0 takes a free one.</param>
/// <param name="MaxRequestBytes">Largest request body on any route but the signed upload.</param>
/// <param name="Proxies">Whose word about the client's address is believed.</param>
/// <param name="Origins">Which other sites' pages may call.</param>
/// <param name="Limits">How much one client may ask for.</param>
public sealed record HttpOptions(int Port, long MaxRequestBytes, ProxyOptions Proxies, OriginOptions Origins, LimitOptions Limits)
{
    public static HttpOptions Read(Settings settings) => new(
        settings.WholeNumber("PORT", 8080, 0, 65535, "the port to listen on; Production: all interfaces, Development: loopback"),
        settings.WholeNumber("MAX_REQUEST_SIZE_MB", 10, 1, 10240, "largest request body, in MiB, on every route but signed uploads (MAX_UPLOAD_SIZE_MB)") * 1024L * 1024L,
        ProxyOptions.Read(settings),
        OriginOptions.Read(settings),
        LimitOptions.Read(settings));
}
