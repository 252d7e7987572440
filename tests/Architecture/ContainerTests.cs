using FluentValidation;
using Marten;
using MediatR;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Modular.ArchitectureTests.Fixtures;
using Modular.ArchitectureTests.Fixtures.Bad.Features;
using Modular.ArchitectureTests.Fixtures.Good.Features;
using Modular.BuildingBlocks.Messaging;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Xunit;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace Modular.ArchitectureTests;

/// <summary>What only the composed Host can tell: who answers a request, where a document lies, what a schema is called.</summary>
public sealed class ContainerTests
{
    [Fact]
    public void Every_request_finds_its_handler_and_passes_logging_then_validation_once() => new Rule<(IServiceProvider Services, IReadOnlyList<Type> Requests)>(
        "A handler whose dependency is missing answers 500 on its first call; a behavior that is registered twice validates twice, in the wrong order it logs what was refused as handled.",
        "Register what the handler injects in the module's AddServices; leave the pipeline to the module list.",
        subject => subject.Requests.Select(request => new Verdict(request.DeclaringType?.Name ?? request.Name, PipelineProblem(subject.Services, request))))
        .Check(
            (BuiltHost.App.Services, [.. Product.Modules.SelectMany(module => module.Types).Where(type => !type.IsAbstract && typeof(IBaseRequest).IsAssignableFrom(type))]),
            (Provider(services => services
                .AddTransient<IRequestHandler<QueriesByHand.Command, int>, QueriesByHand.Handler>()
                .AddTransient<IRequestHandler<KeepsState.Command, int>, KeepsState.Handler>()
                .AddTransient<IRequestHandler<TwiceHandled.Command, int>, TwiceHandled.Handler>()
                .AddTransient<IRequestHandler<TwiceHandled.Command, int>, TwiceHandled.SecondHandler>()
                .AddTransient(typeof(IPipelineBehavior<,>), typeof(ValidationBehavior<,>))
                .AddTransient(typeof(IPipelineBehavior<,>), typeof(LoggingBehavior<,>))),
                [typeof(QueriesByHand.Command), typeof(WithoutHandler.Command), typeof(TwiceHandled.Command), typeof(KeepsState.Command)]),
            ["KeepsState", "QueriesByHand", "TwiceHandled", "WithoutHandler"],
            (Provider(services => services
                .AddTransient<IRequestHandler<GetThing.Query, Fixtures.Good.Domain.Thing>, GetThing.Handler>()
                .AddTransient(typeof(IPipelineBehavior<,>), typeof(LoggingBehavior<,>))
                .AddTransient(typeof(IPipelineBehavior<,>), typeof(ValidationBehavior<,>))),
                [typeof(GetThing.Query)]));

    [Fact]
    public void Every_validator_is_asked_once() => new Rule<(IServiceProvider Services, IReadOnlyList<CodeUnit> Modules)>(
        "A validator that nobody registered refuses nothing; one that is registered twice says everything twice.",
        "Leave the registration to the module list, which scans each module once.",
        subject => subject.Modules.SelectMany(module => module.Types).SelectMany(Validated, (validator, validated) => new Verdict(
            $"{validator.DeclaringType?.Name}.{validator.Name}",
            subject.Services.GetServices(typeof(IValidator<>).MakeGenericType(validated)).Count(registered => registered!.GetType() == validator) is var count and not 1 ? $"is registered {count} times" : null)))
        .Check(
            (BuiltHost.App.Services, Product.Modules),
            (Provider(services => services
                .AddSingleton<IValidator<RenameThing.Command>, RenameThing.Validator>()
                .AddSingleton<IValidator<RenameThing.Command>, RenameThing.Validator>()), [FixtureCode.Good]),
            ["RenameThing.Validator"],
            (Provider(services => services.AddSingleton<IValidator<RenameThing.Command>, RenameThing.Validator>()), [FixtureCode.Good]));

    [Fact]
    public void Every_document_lies_in_its_modules_schema() => new Rule<IReadOnlyList<(Type Type, string Schema)>>(
        "A document in another schema (Marten's default is public) is migrated by nobody and shared by everybody.",
        "Configure it with .DatabaseSchemaName(\"the module's name in lower case\") and put its DDL into the module's migrations.",
        documents => documents.Select(document => (document, owner: Owner(document.Type))).Select(found => new Verdict(
            found.document.Type.Name,
            found.document.Schema == found.owner?.Name.ToLowerInvariant() ? null : $"lies in \"{found.document.Schema}\" although {found.owner?.Name ?? "no module"} owns it")))
        .Check(
            Documents(BuiltHost.App.Services.GetRequiredService<IDocumentStore>()),
            Documents(Store(options => options.Schema.For<Fixtures.Bad.Domain.StoredThing>())),
            ["StoredThing"],
            Documents(Store(options => options.Schema.For<Fixtures.Good.Domain.Thing>().DatabaseSchemaName("good"))));

    [Fact]
    public void Every_schema_of_the_document_means_one_type() => new Rule<(IReadOnlyList<Type> Types, Func<JsonTypeInfo, string?> Name)>(
        "Two types of one schema name become one schema in the OpenAPI document, without a warning: every slice has a Command.",
        "Give the type a name of its own, or nest it in its slice, whose name then leads the schema's.",
        subject => subject.Types.Select(type => (Type: type, Name: subject.Name(Json.GetTypeInfo(type)))).Where(named => named.Name is not null)
            .GroupBy(named => named.Name!).Select(schema => new Verdict(schema.Key, schema.Count() == 1 ? null : $"means {string.Join(" and ", schema.Select(named => named.Type.FullName))}")))
        .Check(
            (TypesOf(BuiltHost.Endpoints), SchemaName),
            ([typeof(RenameThing.Command), typeof(Unvalidated.Command)], OpenApiOptions.CreateDefaultSchemaReferenceId),
            ["Command"],
            ([typeof(RenameThing.Command), typeof(Unvalidated.Command)], SchemaName));

    private static JsonSerializerOptions Json { get; } = BuiltHost.App.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;

    private static Func<JsonTypeInfo, string?> SchemaName { get; } = BuiltHost.App.Services.GetRequiredService<IOptionsMonitor<OpenApiOptions>>().Get("v1").CreateSchemaReferenceId;

    private static string? PipelineProblem(IServiceProvider services, Type request)
    {
        var answer = request.GetInterfaces().Where(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IRequest<>)).Select(face => face.GenericTypeArguments[0]).FirstOrDefault();
        var handler = answer is null ? typeof(IRequestHandler<>).MakeGenericType(request) : typeof(IRequestHandler<,>).MakeGenericType(request, answer);
        using var scope = services.CreateScope();
        try
        {
            var handlers = scope.ServiceProvider.GetServices(handler).Count();
            var behaviors = scope.ServiceProvider.GetServices(typeof(IPipelineBehavior<,>).MakeGenericType(request, answer ?? typeof(Unit))).Select(behavior => behavior!.GetType().GetGenericTypeDefinition());
            return handlers != 1 ? $"has {handlers} handlers in the container"
                : !behaviors.SequenceEqual([typeof(LoggingBehavior<,>), typeof(ValidationBehavior<,>)]) ? "does not pass logging, then validation, each once"
                : null;
        }
        catch (InvalidOperationException problem)
        {
            return problem.Message;
        }
    }

    private static IEnumerable<Type> Validated(Type type) => type.IsAbstract ? [] : type.GetInterfaces()
        .Where(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IValidator<>)).Select(face => face.GenericTypeArguments[0]);

    private static CodeUnit? Owner(Type type) =>
        Product.Modules.Concat([FixtureCode.Good, FixtureCode.Bad]).FirstOrDefault(module => module.Assembly == type.Assembly && Code.Inside(type.Namespace, module.RootNamespace));

    private static IReadOnlyList<(Type Type, string Schema)> Documents(IDocumentStore store) =>
        [.. store.Options.AllKnownDocumentTypes().Select(document => (document.DocumentType, document.TableName.Schema))];

    private static DocumentStore Store(Action<StoreOptions> configure) => DocumentStore.For(options =>
    {
        options.Connection("Host=nowhere.invalid;Database=none;Username=nobody");
        configure(options);
    });

    /// <summary>What endpoints take and give, and all that those contain.</summary>
    private static IReadOnlyList<Type> TypesOf(IEnumerable<RouteEndpoint> endpoints)
    {
        var found = new HashSet<Type>();
        var open = new Queue<Type>(endpoints.SelectMany(endpoint => endpoint.Metadata.GetOrderedMetadata<IAcceptsMetadata>().Select(accepts => accepts.RequestType)
            .Concat(endpoint.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>().Select(produces => produces.Type))).OfType<Type>());
        while (open.TryDequeue(out var type))
        {
            type = Nullable.GetUnderlyingType(type) ?? type;
            if (type == typeof(void) || !found.Add(type))
            {
                continue;
            }

            var info = Json.GetTypeInfo(type);
            foreach (var inner in info.Properties.Select(property => property.PropertyType).Append(info.ElementType).Append(info.KeyType).OfType<Type>())
            {
                open.Enqueue(inner);
            }
        }

        return [.. found];
    }

    private static ServiceProvider Provider(Action<IServiceCollection> add)
    {
        var services = new ServiceCollection().AddLogging();
        add(services);
        return services.BuildServiceProvider();
    }
}
