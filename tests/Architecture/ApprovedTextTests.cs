using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using PublicApiGenerator;
using Shouldly;
using Xunit;

namespace Modular.ArchitectureTests;

/// <summary>DESIGN rule 7: what others build on is a text file, and its diff is the review.</summary>
public sealed class ApprovedTextTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Contracts => [.. Product.Units.Where(unit => unit.Kind == ProjectKind.Contracts).Select(unit => $"Modular.{unit.Name}")];

    [Theory]
    [MemberData(nameof(Contracts))]
    public void The_contracts_say_what_was_approved(string contracts)
    {
        var api = Product.Units.Single(unit => $"Modular.{unit.Name}" == contracts).Assembly.GeneratePublicApi(new ApiGeneratorOptions { IncludeAssemblyAttributes = false });
        api.ShouldContain("public interface", customMessage: "The generator found no interface in the Contracts: it reads the wrong assembly.");
        ApprovedText.Compare(ApprovedText.Folder, $"{contracts}.txt", api, ApprovedText.IsApproving).ShouldBeNull();
    }

    [Fact]
    public async Task The_OpenAPI_document_says_what_was_approved()
    {
        var document = await BuiltHost.App.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1").GetOpenApiDocumentAsync(TestContext.Current.CancellationToken);
        document.Paths.Count.ShouldBe(
            BuiltHost.Endpoints.Select(endpoint => endpoint.RoutePattern.RawText!.TrimStart('/')).Where(path => path.StartsWith("api/v1/", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).Count(),
            "The document does not hold every route of the API.");
        var json = JsonNode.Parse(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, TestContext.Current.CancellationToken));
        ApprovedText.Compare(ApprovedText.Folder, "openapi.v1.json", Sorted(json)!.ToJsonString(Indented), ApprovedText.IsApproving).ShouldBeNull();
    }

    [Fact]
    public void A_difference_is_shown_kept_and_approved_by_hand()
    {
        var folder = Directory.CreateTempSubdirectory("approved-text-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "api.txt"), "public interface IThings\n{\n    void Old();\n}\n");
            const string Changed = "public interface IThings\r\n{\r\n    void New();\r\n}";

            var message = ApprovedText.Compare(folder.FullName, "api.txt", Changed, approve: false);
            message.ShouldNotBeNull();
            message.ShouldContain("-     void Old();\n+     void New();");
            message.ShouldContain("make approve");
            File.ReadAllText(Path.Combine(folder.FullName, "api.received.txt")).ShouldContain("New");

            ApprovedText.Compare(folder.FullName, "api.txt", Changed, approve: true).ShouldBeNull();
            ApprovedText.Compare(folder.FullName, "api.txt", Changed, approve: false).ShouldBeNull("Once approved it is no difference, whatever the line endings.");
            File.Exists(Path.Combine(folder.FullName, "api.received.txt")).ShouldBeFalse("What was approved leaves no received file behind.");
            ApprovedText.Compare(folder.FullName, "new.txt", "public", approve: false).ShouldNotBeNull("A text that nobody approved is a difference.");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Members in ordinal order: what the generator reorders is no change.</summary>
    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => KeyValuePair.Create(member.Key, Sorted(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
