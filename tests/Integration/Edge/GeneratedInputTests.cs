using System.Net;
using System.Text;
using System.Text.Json;
using CsCheck;
using Modular.IntegrationTests.Infrastructure;
using static Modular.IntegrationTests.Edge.GeneratedInput;

namespace Modular.IntegrationTests.Edge;

/// <summary>Whatever is sent: no fault, and a refusal says which field it is about. On a failure the seed in the message repeats it (<c>CsCheck_Seed</c>).</summary>
public sealed class GeneratedInputTests(GeneratedInputTests.OpenHost host) : IClassFixture<GeneratedInputTests.OpenHost>
{
    private static readonly int[] Answers = [200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 406, 409, 412, 413, 414, 415, 416, 422, 206];

    [Fact]
    public Task No_body_makes_the_API_fail() => CheckAsync(Json);

    [Fact]
    public Task No_query_makes_the_API_fail() => CheckAsync(Query);

    [Fact]
    public Task No_key_and_no_header_makes_the_API_fail() => CheckAsync(Keys);

    private Task CheckAsync(Gen<Input> inputs) => inputs.SampleAsync(SendAsync, iter: TestSize.Of(1_000, 10_000), threads: 4);

    private async Task SendAsync(Input input)
    {
        // As it is: the client's own clean-up of addresses would take the sting out.
        var address = new Uri($"{host.App.Client.BaseAddress}{input.Path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new HttpMethod(input.Method), address);
        if (input.Body is not null)
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(input.Body)) { Headers = { { "Content-Type", "application/json" } } };
        foreach (var (name, value) in input.Headers)
        {
            // What the client cannot even send is not the service's matter.
            if (value.All(c => c is >= ' ' and < '\x7f'))
                _ = request.Headers.TryAddWithoutValidation(name, value) || (request.Content?.Headers.Remove(name) == true && request.Content.Headers.TryAddWithoutValidation(name, value));
        }

        using var response = await host.App.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var status = (int)response.StatusCode;
        var body = status >= 400 ? await response.Content.ReadAsStringAsync() : "";
        Answers.ShouldContain(status, $"{input}\n{body}");
        if (status < 400 || input.Method == "HEAD")
            return;
        if (body.Length == 0 && ((status == 400 && input.Path.Contains("%00", StringComparison.Ordinal)) || (status == 414 && input.Path.Length > 8_000)))
            return; // The server itself refuses a NUL in a path, and a target that is too long, before there is a request.

        response.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json", $"{input}\n{body}");
        var problem = JsonSerializer.Deserialize<JsonElement>(body);
        if (response.StatusCode != HttpStatusCode.BadRequest)
            return;
        problem.TryGetProperty("errors", out var errors).ShouldBeTrue($"{input}\n{body}");
        errors.EnumerateObject().ShouldNotBeEmpty($"{input}\n{body}");
        foreach (var field in errors.EnumerateObject())
        {
            field.Name.ShouldNotBeNullOrWhiteSpace($"{input}\n{body}");
            field.Value.EnumerateArray().ShouldAllBe(message => !string.IsNullOrWhiteSpace(message.GetString()), $"{input}\n{body}");
            field.Value.GetRawText().ShouldNotContain("System.", customMessage: $"{input}\n{body}");
        }
    }

    public sealed class OpenHost : IAsyncLifetime
    {
        internal ModularApp App { get; private set; } = null!;

        // No worker: what is accepted need not run.
        public async ValueTask InitializeAsync() => App = await ModularApp.StartAsync(new Dictionary<string, string> { ["WORKER_CONCURRENCY"] = "0", ["LOG_LEVEL"] = "error" });

        public ValueTask DisposeAsync() => App.DisposeAsync();
    }
}
