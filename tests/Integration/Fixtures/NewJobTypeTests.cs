using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Modular.Fixtures;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Fixtures;

/// <summary>A job type is one new file: the fixture module's file is all there is, and clients see it, are refused by it and run it.</summary>
public sealed class NewJobTypeTests : IAsyncLifetime
{
    private ModularApp _app = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _app = await ModularApp.StartAsync(modules: [.. Modules.All, new FixturesModule()]);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task It_is_listed_with_what_it_takes_and_gives()
    {
        var types = await _app.GetAsync<JsonElement>("job-types");

        var type = types.GetProperty("items").EnumerateArray().Single(item => item.GetProperty("type").GetString() == "fixtures.repeat");
        type.GetProperty("description").GetString().ShouldBe("Repeats a text; the result holds it.");
        var payload = type.GetProperty("payloadSchema").GetProperty("properties");
        payload.GetProperty("times").GetProperty("description").GetString().ShouldBe("How often, 1 to 9.");
        type.GetProperty("resultSchema").GetProperty("properties").TryGetProperty("text", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task Its_handler_runs_and_its_result_is_the_jobs()
    {
        var job = await _app.SubmitAsync("fixtures.repeat", new { text = "ab", times = 3 });

        var done = await _app.WaitForJobAsync(job.Id, "succeeded");
        done.Result!.Value.GetProperty("text").GetString().ShouldBe("ababab");
    }

    [Fact]
    public async Task Its_validator_refuses_a_payload_before_the_job_exists()
    {
        using var response = await _app.PostJobAsync("fixtures.repeat", new { text = "ab", times = 10 });

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
        problem.GetProperty("errors").GetProperty("payload.times")[0].GetString().ShouldBe("must be from 1 to 9");
    }
}
