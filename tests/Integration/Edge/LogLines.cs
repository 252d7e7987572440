using System.Text.Json;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Edge;

/// <summary>The output of a Host that logs JSON.</summary>
internal static class LogLines
{
    /// <summary>Every line, parsed; one that is no JSON object fails.</summary>
    public static IReadOnlyList<JsonElement> Parse(HostProcess host) => [.. host.Output.Select(Parse)];

    public static string? Text(this JsonElement line, string property) => line.TryGetProperty(property, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;

    /// <summary>Waits for the line of a request, by its id.</summary>
    public static async Task<JsonElement> OfRequestAsync(HostProcess host, string requestId) =>
        (await Eventually.ReadAsync(
            () => Task.FromResult(Parse(host).Where(line => line.Text("SourceContext") == "Modular.Requests" && line.Text("RequestId") == requestId).ToArray()),
            lines => lines.Length == 1,
            $"one line for the request {requestId}"))[0];

    private static JsonElement Parse(string line)
    {
        try
        {
            var parsed = JsonSerializer.Deserialize<JsonElement>(line);
            parsed.ValueKind.ShouldBe(JsonValueKind.Object, line);
            return parsed;
        }
        catch (JsonException problem)
        {
            throw new StopWaitingException($"Not a line of JSON ({problem.Message}): {line}");
        }
    }
}
