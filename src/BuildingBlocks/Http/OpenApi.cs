using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;

namespace Modular.BuildingBlocks.Http;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>.</summary>
public static class OpenApi
{
    public static IServiceCollection AddModularOpenApi(this IServiceCollection services) =>
        services.AddOpenApi("v1", options =>
        {
            // Every slice has a Command: without its slice's name, two of them would become one schema, without a warning.
            options.CreateSchemaReferenceId = type =>
                OpenApiOptions.CreateDefaultSchemaReferenceId(type) is not { } id ? null
                : type.Type.DeclaringType is { } slice ? slice.Name + id : id;
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info.Title = "Modular";
                document.Info.Version = "v1";
                document.Info.Description = "A durable job service: upload files, submit jobs, watch them live, download the results.";
                // Relative: the same document serves behind any host name or proxy.
                document.Servers = [new() { Url = "/" }];
                return Task.CompletedTask;
            });
        });
}
