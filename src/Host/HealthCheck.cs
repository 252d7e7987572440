using System.Net;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Http;

namespace Modular.Host;

/// <summary><c>--healthcheck</c>: asks the running instance's readiness, for images that have no curl. Exit code 0 or 1.</summary>
internal static class HealthCheck
{
    public static async Task<int> RunAsync(string[] args)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();
        // Through the settings, so that it finds the port wherever the running instance found it. Wrong ones are that instance's to tell.
        var port = HttpOptions.Read(new Settings(configuration, isDevelopment: false)).Port;
        using var handler = new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) };
        using var client = new HttpMessageInvoker(handler);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/api/v1/health/ready");
        try
        {
            using var response = await client.SendAsync(request, timeout.Token);
            return response.StatusCode == HttpStatusCode.OK ? 0 : 1;
        }
        catch (Exception problem) when (problem is HttpRequestException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(problem.Message);
            return 1;
        }
    }
}
