using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;

namespace Modular.BuildingBlocks.Http;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>.</summary>
public static class OpenApi
{
    public static IServiceCollection AddModularOpenApi(this IServiceCollection services) =>
        services.AddOpenApi("v1", options =>
        {
            options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) is null ? null : NameOf(type.Type);
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

    /// <summary>Every slice has a Response: without its slice's name, two of them, or two pages of them, would become one schema, without a warning.</summary>
    private static string NameOf(Type type) =>
        type.DeclaringType?.Name + (type.IsGenericType ? $"{type.Name.Split('`')[0]}Of{string.Join("And", type.GenericTypeArguments.Select(NameOf))}" : type.Name);
}
