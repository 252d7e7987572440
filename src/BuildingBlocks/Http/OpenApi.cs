using System.Text.Json.Serialization.Metadata;
using MediatR;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Modular.BuildingBlocks.Modules;
using Modular.BuildingBlocks.Security;

namespace Modular.BuildingBlocks.Http;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>.</summary>
public static class OpenApi
{
    private const string KeyScheme = "apiKey";
    private const string SessionScheme = "session";

    public static IServiceCollection AddModularOpenApi(this IServiceCollection services) =>
        services.AddOpenApi("v1", options =>
        {
            options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) is null ? null : NameOf(Nullable.GetUnderlyingType(type.Type) ?? type.Type);
            options.AddSchemaTransformer((schema, context, _) =>
            {
                Complete(schema, context.JsonTypeInfo);
                return Task.CompletedTask;
            });
            options.AddOperationTransformer((operation, context, _) =>
            {
                if (HttpMethods.IsHead(context.Description.HttpMethod ?? ""))
                {
                    // One endpoint serves GET and HEAD; an operationId must be unique.
                    operation.OperationId = "Head" + operation.OperationId;
                }

                operation.Security = Security(context.Description.ActionDescriptor.EndpointMetadata, context.Document);
                // By status, not in the order of declaration: the document's text is compared with an approved one.
                var responses = operation.Responses!.OrderBy(response => response.Key, StringComparer.Ordinal).ToArray();
                operation.Responses = [];
                foreach (var (status, response) in responses)
                {
                    operation.Responses[status] = response;
                }

                return Task.CompletedTask;
            });
            options.AddDocumentTransformer((document, context, _) =>
            {
                Describe(document, context.ApplicationServices.GetRequiredService<ModuleList>());
                return Task.CompletedTask;
            });
        });

    /// <summary>Every slice has a Response: without its slice's name, two of them, or two pages of them, would become one schema, without a warning.</summary>
    private static string NameOf(Type type) =>
        type.DeclaringType?.Name + (type.IsGenericType ? $"{type.Name.Split('`')[0]}Of{string.Join("And", type.GenericTypeArguments.Select(NameOf))}" : type.Name);

    // What the exporter cannot see behind our own converters.
    private static void Complete(OpenApiSchema schema, JsonTypeInfo type)
    {
        var clr = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
        if (clr == typeof(DateTimeOffset))
        {
            schema.Type = clr == type.Type ? JsonSchemaType.String : JsonSchemaType.String | JsonSchemaType.Null;
            schema.Format = "date-time";
        }
        else if (clr.IsEnum)
        {
            // One named schema, also where null is allowed: there a oneOf around it says so.
            schema.Type = JsonSchemaType.String;
            schema.Enum = [.. schema.Enum?.Where(value => value is not null) ?? []];
        }
        else if (type.Properties.Any(property => property.IsExtensionData))
        {
            schema.AdditionalPropertiesAllowed = true;
        }

        if (clr.IsAssignableTo(typeof(IBaseRequest)))
        {
            // A request may leave out what may be null; the exporter calls every constructor parameter required, as it is in a response.
            foreach (var property in type.Properties.Where(property => property.IsSetNullable || property.AssociatedParameter is { IsNullable: true }))
            {
                schema.Required?.Remove(property.Name);
            }
        }

        if (clr == typeof(ProblemDetails))
        {
            schema.Description = "RFC 9457. errors is there for a 400 only.";
            schema.Properties!["traceId"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Finds the request in the logs." };
            schema.Properties["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "By field, such as jobs[3].type: what is allowed there. \"$\" is the body as a whole.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            };
        }
    }

    private static List<OpenApiSecurityRequirement> Security(IList<object> metadata, OpenApiDocument? document)
    {
        if (metadata.OfType<IAllowAnonymous>().Any())
        {
            return [];
        }

        var scopes = metadata.OfType<IAuthorizeData>().Select(data => data.Policy).OfType<string>().Where(Scopes.All.Contains).ToList();
        return
        [
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(KeyScheme, document)] = scopes },
            new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SessionScheme, document)] = scopes },
        ];
    }

    private static void Describe(OpenApiDocument document, ModuleList modules)
    {
        document.Info.Title = "Modular";
        document.Info.Version = "v1";
        document.Info.Description = "A durable job service: upload files, submit jobs, watch them live, download the results.";
        document.Info.License = new OpenApiLicense { Name = "See the repository", Identifier = "LicenseRef-Modular" };
        // Relative: the same document serves behind any host name or proxy.
        document.Servers = [new() { Url = "/" }];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [KeyScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key: Authorization: Bearer KEY. Each operation lists the scope that it needs.",
            },
            [SessionScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = "modular_session",
                Description = "The browser's session, set by POST /api/v1/session.",
            },
        };
        var used = document.Tags?.Select(tag => tag.Name).ToHashSet(StringComparer.Ordinal) ?? [];
        document.Tags = modules.All
            .Where(module => used.Contains(module.Name))
            .Select(module => new OpenApiTag { Name = module.Name, Description = module.Description })
            .ToHashSet();
    }
}
