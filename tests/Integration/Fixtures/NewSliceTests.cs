using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Modular.Fixtures;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;

namespace Modular.IntegrationTests.Fixtures;

/// <summary>A slice is one new file: the fixture module's file is all there is, and the Host serves it.</summary>
public sealed class NewSliceTests : IAsyncLifetime
{
    private ModularApp _app = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _app = await ModularApp.StartAsync(modules: [.. Modules.All, new FixturesModule()]);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Fact]
    public async Task Its_route_answers_with_what_its_handler_did()
    {
        using var response = await _app.Client.PostAsJsonAsync("word-counts", new { text = "a durable job service", atLeastLetters = 3 }, CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.OK, await response.Content.ReadAsStringAsync(CancellationToken));
        (await ReadAsync(response)).GetProperty("words").GetInt32().ShouldBe(3);
    }

    [Fact]
    public async Task Its_validator_refuses_and_names_the_field()
    {
        using var response = await _app.Client.PostAsJsonAsync("word-counts", new { text = "a text", atLeastLetters = 101 }, CancellationToken);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await ReadAsync(response)).GetProperty("errors").GetProperty("atLeastLetters")[0].GetString().ShouldBe("must be from 0 to 100");
    }

    [Fact]
    public async Task It_is_in_the_OpenAPI_document_under_its_modules_tag()
    {
        using var response = await _app.Client.GetAsync("/openapi/v1.json", CancellationToken);

        var document = await ReadAsync(response);
        var operation = document.GetProperty("paths").GetProperty("/api/v1/word-counts").GetProperty("post");
        operation.GetProperty("operationId").GetString().ShouldBe("CountWords");
        operation.GetProperty("tags")[0].GetString().ShouldBe("Fixtures");
        operation.GetProperty("responses").TryGetProperty("429", out _).ShouldBeTrue("What all routes share comes from the module's group.");
        var schema = document.GetProperty("components").GetProperty("schemas").GetProperty("CountWordsCommand");
        schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).ShouldBe(["text", "atLeastLetters"], ignoreOrder: true);
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response) => await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken);
}
