using Carter;
using FluentValidation;
using MediatR;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Modular.ArchitectureTests.Fixtures;
using Xunit;

namespace Modular.ArchitectureTests;

/// <summary>DESIGN rule 3: one use case is one file, and every one reads the same way.</summary>
public sealed class SliceShapeTests
{
    [Fact]
    public void A_file_in_Features_is_one_use_case() => new Rule<IReadOnlyList<CodeUnit>>(
        "One use case is one file: whoever looks for it finds it by its name, whole, and deleting it is deleting the file.",
        "Name the file after its one `internal static class`; move what several slices share to Domain, Persistence or a folder of its own.",
        modules => modules.SelectMany(module => module.Slices.Count == 0
            ? [new Verdict(module.Name, "has no file in Features: a module has at least one use case")]
            : module.Slices.Select(slice => new Verdict(slice.Item, FileProblem(slice)))))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad/Exported", "Bad/Misnamed", "Bad/TwoUseCases"], [FixtureCode.Good]);

    [Fact]
    public void A_slice_reads_from_input_to_route() => new Rule<IReadOnlyList<CodeUnit>>(
        "The reader goes from input to output to rule to work to route, in every slice the same way.",
        $"Nest exactly one Command or Query, one Handler and one Endpoint, and a Response and a Validator where there are any, in this order: {string.Join(", ", Slice.Roles)}.",
        modules => Slices(modules).Select(slice => new Verdict(slice.Item, OrderProblem(slice.NestedInOrder))))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad/Misnamed", "Bad/OutOfOrder", "Bad/WithoutHandler"], [FixtureCode.Good]);

    [Fact]
    public void What_a_slice_nests_is_public_and_sealed() => new Rule<IReadOnlyList<CodeUnit>>(
        "Carter and the validator scan skip what is not public (the internal static class around it keeps it from other modules), and an unsealed part invites a base class.",
        "Write `public sealed record` or `public sealed class`.",
        modules => Slices(modules).SelectMany(slice => slice.Class?.GetNestedTypes() ?? [], (slice, type) => new Verdict($"{slice.Item}.{type.Name}", type.IsSealed ? null : "is not sealed"))
            .Concat(Slices(modules).SelectMany(slice => Slice.Roles.Select(role => (slice, role, type: slice.Nested(role))))
                .Where(part => part.type is { IsNestedPublic: false })
                .Select(part => new Verdict($"{part.slice.Item}.{part.role}", "is not public"))))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad/Unsealed.Endpoint", "Bad/Unsealed.Handler"], [FixtureCode.Good]);

    [Fact]
    public void A_slices_parts_belong_together() => new Rule<IReadOnlyList<CodeUnit>>(
        "A name is a promise: what is called Handler handles this slice's request, what is called Validator validates it.",
        "Let Command or Query be an IRequest, Handler the IRequestHandler of it, Validator the AbstractValidator of it, Endpoint an ICarterModule.",
        modules => Slices(modules).SelectMany(WiringProblems))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad/Miswired.Endpoint", "Bad/Miswired.Handler", "Bad/Miswired.Validator", "Bad/StreamsPastBehaviors.Handler"], [FixtureCode.Good]);

    [Fact]
    public void Requests_handlers_and_routes_live_in_slices() => new Rule<IReadOnlyList<CodeUnit>>(
        "A handler or a route outside a slice is a use case that nobody finds.",
        "Make it a slice of its own under Features.",
        modules => modules.SelectMany(module => module.Types
            .Where(type => IsRequest(type) || IsHandler(type) || typeof(ICarterModule).IsAssignableFrom(type))
            .Select(type => new Verdict($"{module.Name}: {type.Name}", IsPartOfSlice(module, type) ? null : $"{type.FullName} is not the Command, Query, Handler or Endpoint of a slice"))))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad: SecondHandler", "Bad: StrayEndpoint", "Bad: StrayHandler", "Bad: StrayRequest"], [FixtureCode.Good]);

    [Fact]
    public void What_a_client_can_get_wrong_has_exactly_one_validator() => new Rule<IReadOnlyList<CodeUnit>>(
        "A command without a validator stores whatever arrives, a query without one reads a million rows for limit=1000000. Two validators answer the same mistake twice.",
        "Nest `public sealed class Validator : AbstractValidator<Command>`, with messages that say what is allowed.",
        modules => modules.SelectMany(module => module.Types.Where(IsRequest).Where(request => TakesInput(module, request)).Select(request =>
            new Verdict($"{module.Name}/{request.DeclaringType?.Name}", ValidatorProblem(module, request)))))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad/TwiceValidated", "Bad/UnboundedQuery", "Bad/Unvalidated"], [FixtureCode.Good]);

    [Fact]
    public void An_endpoint_keeps_nothing() => new Rule<IReadOnlyList<CodeUnit>>(
        "Carter makes one endpoint for the whole life of the Host: what it keeps is shared by all requests, and what it injects escapes its scope.",
        "Take what the route needs as parameters of its lambda.",
        modules => Slices(modules).Select(slice => (slice, endpoint: slice.Nested("Endpoint"))).Where(found => found.endpoint is not null).Select(found =>
            new Verdict(found.slice.Item, StateProblem(found.endpoint!))))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad/KeepsState"], [FixtureCode.Good]);

    [Fact]
    public void An_endpoint_binds_sends_and_maps_and_nothing_else() => new Rule<IReadOnlyList<CodeUnit>>(
        "Work in an endpoint passes by validation and logging, and cannot be used or tested without HTTP.",
        "Send the slice's request through ISender; let its Handler ask the database or the blob store.",
        modules => Slices(modules).SelectMany(slice => slice.Code.Where(code => code.FullName.Contains("+Endpoint", StringComparison.Ordinal)).SelectMany(code => EndpointProblems(slice, code))))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad/WorksInEndpoint"], [FixtureCode.Good]);

    [Fact]
    public void A_slice_uses_no_other_slice() => new Rule<IReadOnlyList<CodeUnit>>(
        "Slices that use each other change together: the next use case is no longer one file.",
        "Move what both need to Domain (a rule, a read model) or Persistence (a query).",
        modules => Slices(modules).SelectMany(slice =>
        {
            var others = slice.Module.Slices.Select(other => other.Name).Where(name => name != slice.Name).ToHashSet(StringComparer.Ordinal);
            var prefix = $"{slice.Module.RootNamespace}.Features.";
            var used = slice.Code.SelectMany(code => code.Uses).Select(use => use.Type.Split('+')[0])
                .Where(type => type.StartsWith(prefix, StringComparison.Ordinal)).Select(type => type[prefix.Length..])
                // Constants and nameof are gone from the assembly; the source still has them.
                .Concat(slice.File.Syntax.DescendantNodes().OfType<IdentifierNameSyntax>()
                    .Where(name => name.Parent is MemberAccessExpressionSyntax access && access.Expression == name || name.Parent is QualifiedNameSyntax qualified && qualified.Left == name || name.Parent is ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "nameof" } } })
                    .Select(name => name.Identifier.Text))
                .Where(others.Contains).Distinct(StringComparer.Ordinal).ToArray();
            return new[] { new Verdict(slice.Item, used.Length == 0 ? null : $"uses {string.Join(", ", used)}") };
        }))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad/NamesNeighbour", "Bad/UsesNeighbour"], [FixtureCode.Good]);

    private static IEnumerable<Slice> Slices(IEnumerable<CodeUnit> modules) => modules.SelectMany(module => module.Slices);

    private static string? FileProblem(Slice slice) => slice.File.TopLevel switch
    {
        [ClassDeclarationSyntax type] when type.Identifier.Text != slice.Name => $"holds {type.Identifier.Text}: the file's name must be the class's",
        [ClassDeclarationSyntax type] when !type.Modifiers.Select(modifier => modifier.Text).Intersect(["internal", "static"], StringComparer.Ordinal).Skip(1).Any() => "is not an `internal static class`",
        [ClassDeclarationSyntax] => null,
        var all => $"holds {all.Count} top-level types: it must be one `internal static class`",
    };

    private static string? OrderProblem(IReadOnlyList<string> nested)
    {
        var roles = nested.Where(name => Slice.Roles.Contains(name, StringComparer.Ordinal)).ToArray();
        if (roles.Count(role => role is "Command" or "Query") != 1 || roles.Count(role => role == "Handler") != 1 || roles.Count(role => role == "Endpoint") != 1)
        {
            return $"nests {(roles.Length == 0 ? "none of the parts" : string.Join(", ", roles))}: it needs one Command or Query, one Handler, one Endpoint";
        }

        var ordered = roles.OrderBy(role => Slice.Roles.ToList().IndexOf(role)).ToArray();
        return roles.SequenceEqual(ordered, StringComparer.Ordinal) ? null : $"reads {string.Join(", ", roles)} instead of {string.Join(", ", ordered)}";
    }

    private static IEnumerable<Verdict> WiringProblems(Slice slice)
    {
        if (slice.Request is not { } request)
        {
            yield break;
        }

        yield return new Verdict($"{slice.Item}.{request.Name}", IsRequest(request) ? null : "is no IRequest");
        if (slice.Nested("Handler") is { } handler)
        {
            var handled = handler.GetInterfaces().Where(type => IsGeneric(type, typeof(IRequestHandler<>)) || IsGeneric(type, typeof(IRequestHandler<,>))).Select(type => type.GenericTypeArguments[0]);
            yield return new Verdict($"{slice.Item}.Handler", handled.SequenceEqual([request]) ? null : $"does not handle {slice.Name}.{request.Name}, or not only it");
        }

        if (slice.Nested("Endpoint") is { } endpoint)
        {
            yield return new Verdict($"{slice.Item}.Endpoint", typeof(ICarterModule).IsAssignableFrom(endpoint) ? null : "is no ICarterModule: nobody maps it");
        }

        if (slice.Nested("Validator") is { } validator)
        {
            yield return new Verdict($"{slice.Item}.Validator", typeof(IValidator<>).MakeGenericType(request).IsAssignableFrom(validator) ? null : $"does not validate {slice.Name}.{request.Name}: nobody asks it");
        }
    }

    private static string? ValidatorProblem(CodeUnit module, Type request)
    {
        var validators = module.Types.Where(type => !type.IsAbstract && typeof(IValidator<>).MakeGenericType(request).IsAssignableFrom(type)).ToArray();
        return validators.Length == 1 ? null : $"{request.Name} has {validators.Length} validators";
    }

    private static string? StateProblem(Type endpoint)
    {
        var fields = endpoint.GetFields(All).Where(field => !field.IsLiteral).Select(field => field.Name).ToArray();
        return fields.Length > 0 ? $"keeps {string.Join(", ", fields)}"
            : endpoint.GetConstructors(All).Any(constructor => constructor.GetParameters().Length > 0) ? "takes something in its constructor"
            : null;
    }

    private static IEnumerable<Verdict> EndpointProblems(Slice slice, Code code)
    {
        string[] vendors = ["Marten", "Weasel", "JasperFx", "Npgsql", "Minio", "System.Data"];
        string[] inside = [.. new[] { "Persistence", "Blobs", "Engine", "JobHandlers" }.Select(area => $"{slice.Module.RootNamespace}.{area}")];
        // A read model that the handler answers with is data, wherever it is declared.
        var touched = code.Using(vendors).Concat(code.Using(inside).Where(use => !IsData(slice.Module.Assembly.GetType(use.Type)))).Select(use => use.Type).Distinct(StringComparer.Ordinal).ToArray();
        yield return new Verdict(slice.Item, touched.Length == 0 ? null : $"its endpoint uses {string.Join(", ", touched)}");
        if (code.FullName.EndsWith("+Endpoint", StringComparison.Ordinal))
        {
            yield return new Verdict(slice.Item, code.Uses.Any(use => use.Type == typeof(ISender).FullName) ? null : "its endpoint does not send its request through ISender");
        }
    }

    private static bool IsData(Type? type) => type is not null && (type.IsEnum || type.GetMethod("<Clone>$") is not null);

    private const System.Reflection.BindingFlags All =
        System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.DeclaredOnly;

    /// <summary>
    /// A command stores what it is given: everything but an id, a switch, raw bytes or the caller has a shape that can be wrong, unless a parser of the module's Domain made it.
    /// A query only looks: text that matches nothing is an answer, but a count (a limit, seconds to wait) has bounds.
    /// </summary>
    private static bool TakesInput(CodeUnit module, Type request)
    {
        var inputs = request.GetProperties().Select(property => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType).ToArray();
        return request.Name == "Query"
            ? inputs.Contains(typeof(int))
            : inputs.Any(type => type != typeof(Guid) && type != typeof(bool) && !type.IsEnum && !typeof(Stream).IsAssignableFrom(type)
                && type != typeof(System.Security.Claims.ClaimsPrincipal) && !Code.Inside(type.Namespace, $"{module.RootNamespace}.Domain"));
    }

    private static bool IsRequest(Type type) => !type.IsAbstract && typeof(IBaseRequest).IsAssignableFrom(type) || type.GetInterfaces().Any(face => IsGeneric(face, typeof(IStreamRequest<>)));

    private static bool IsHandler(Type type) => type.GetInterfaces().Any(face => IsGeneric(face, typeof(IRequestHandler<>)) || IsGeneric(face, typeof(IRequestHandler<,>)) || IsGeneric(face, typeof(IStreamRequestHandler<,>)));

    private static bool IsGeneric(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;

    private static bool IsPartOfSlice(CodeUnit module, Type type) =>
        type.DeclaringType is { DeclaringType: null } slice
        && slice.Namespace == $"{module.RootNamespace}.Features"
        && (IsRequest(type) ? type.Name is "Command" or "Query" : IsHandler(type) ? type.Name == "Handler" : type.Name == "Endpoint");
}
