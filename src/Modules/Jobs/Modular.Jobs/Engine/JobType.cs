using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Contracts;

namespace Modular.Jobs.Engine;

/// <summary>One job type: its schemas, how its payload is judged, how its handler is called.</summary>
internal abstract class JobType(JobTypeAttribute attribute)
{
    private static readonly JsonSchemaExporterOptions SchemaOptions = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, schema) =>
        {
            var description = context.PropertyInfo?.AttributeProvider?.GetCustomAttributes(typeof(DescriptionAttribute), inherit: false).Cast<DescriptionAttribute>().FirstOrDefault()
                ?? context.TypeInfo.Type.GetCustomAttribute<DescriptionAttribute>();
            if (description is not null && schema is JsonObject node)
            {
                node.Insert(0, "description", description.Description);
            }

            return schema;
        },
    };

    public string Name { get; } = attribute.Name;

    public string Description { get; } = attribute.Description;

    public abstract JsonNode PayloadSchema { get; }

    public abstract JsonNode ResultSchema { get; }

    /// <summary>The payload's members that bear <see cref="SecretAttribute"/>, as JSON names them.</summary>
    public abstract IReadOnlyList<string> SecretMembers { get; }

    /// <summary>What is wrong with a payload, by field (<c>payload.keys[0]</c>); empty when it is accepted.</summary>
    public abstract IReadOnlyDictionary<string, string[]> Check(JsonElement payload);

    /// <summary>Runs the handler once, in the services of one attempt.</summary>
    public abstract Task<JsonElement> RunAsync(IServiceProvider services, JsonElement payload, IJobContext context, CancellationToken cancellationToken);

    protected static JsonNode Schema(Type type) => Json.Options.GetJsonSchemaAsNode(type, SchemaOptions);
}

/// <inheritdoc/>
internal sealed class JobType<TPayload, TResult>(JobTypeAttribute attribute, ObjectFactory handler, IValidator<TPayload>? validator) : JobType(attribute)
{
    public override JsonNode PayloadSchema { get; } = Schema(typeof(TPayload));

    public override JsonNode ResultSchema { get; } = Schema(typeof(TResult));

    public override IReadOnlyList<string> SecretMembers { get; } =
        [.. typeof(TPayload).GetProperties().Where(member => member.IsDefined(typeof(SecretAttribute))).Select(member => JsonNamingPolicy.CamelCase.ConvertName(member.Name))];

    public override IReadOnlyDictionary<string, string[]> Check(JsonElement payload)
    {
        TPayload? value;
        try
        {
            value = payload.Deserialize<TPayload>(Json.Options);
        }
        catch (JsonException problem)
        {
            return JsonErrors.Describe(problem, "payload");
        }

        if (value is null)
        {
            return new Dictionary<string, string[]>(StringComparer.Ordinal) { ["payload"] = ["must be an object"] };
        }

        return validator?.Validate(value).Errors
            .GroupBy(error => "payload." + Camel(error.PropertyName), StringComparer.Ordinal)
            .ToDictionary(field => field.Key.TrimEnd('.'), field => field.Select(error => error.ErrorMessage).ToArray(), StringComparer.Ordinal) ?? [];
    }

    public override async Task<JsonElement> RunAsync(IServiceProvider services, JsonElement payload, IJobContext context, CancellationToken cancellationToken)
    {
        var instance = (IJobHandler<TPayload, TResult>)handler(services, []);
        try
        {
            // Checked when it was submitted, perhaps by a newer replica: a member that this version does not know must not fail the job.
            return Write(await instance.RunAsync(payload.Deserialize<TPayload>(Json.Stored)!, context, cancellationToken));
        }
        finally
        {
            if (instance is IAsyncDisposable disposable)
            {
                await disposable.DisposeAsync();
            }
        }
    }

    // Another attempt would do the work again and return the same.
    private static JsonElement Write(TResult result)
    {
        try
        {
            return JsonSerializer.SerializeToElement(result, Json.Options);
        }
        catch (Exception problem) when (problem is JsonException or NotSupportedException or ArgumentException)
        {
            throw new JobFailedException($"The result cannot be written as JSON: {problem.Message}", problem) { ErrorType = "ResultNotStorable" };
        }
    }

    private static string Camel(string path) => string.Join('.', path.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));
}
