using MediatR;
using Modular.ArchitectureTests.Fixtures;
using Modular.Jobs.Contracts;
using Xunit;

namespace Modular.ArchitectureTests;

/// <summary>DESIGN rules 4 and 5: what code may use, seen in the compiled bodies.</summary>
public sealed class DependencyTests
{
    [Fact]
    public void Code_uses_only_what_its_project_may() => new Rule<IReadOnlyList<CodeUnit>>(
        "Sending another module's command, or using its types, hides a transaction border: half the work commits when the other half fails.",
        "\"I need it now\": an interface in the owner's Contracts. \"It happened\": a stored fact and a NOTIFY.",
        units => units.SelectMany(unit => unit.Code.SelectMany(code =>
        {
            var ours = code.Uses.Select(use => (use.Type, Owner: OwnerOf(use.Namespace))).Where(use => use.Owner is not null && use.Owner != unit && unit.RootNamespace != use.Owner.RootNamespace);
            return ours.DistinctBy(use => use.Type).Select(use => new Verdict(
                $"{unit.Name}: {Short(unit, code)} → {use.Type}",
                unit.Kind switch
                {
                    ProjectKind.Host => null,
                    ProjectKind.Module => use.Owner!.Kind is ProjectKind.BuildingBlocks or ProjectKind.Contracts ? null : $"belongs to {use.Owner.Name}",
                    _ => $"belongs to {use.Owner!.Name}",
                }));
        })))
        .Check(
            Product.Units,
            [FixtureCode.Bad, FixtureCode.BadBlocks, FixtureCode.BadContracts],
            [
                "Bad: Features.ReachesAcross+Handler → Modular.Storage.StorageModule",
                "BadBlocks: KnowsModules → Modular.Health.HealthModule",
                "BadContracts: Promise → Modular.BuildingBlocks.Http.Refusal",
            ],
            [FixtureCode.Good]);

    [Fact]
    public void Contracts_speak_plain_NET() => new Rule<IReadOnlyList<CodeUnit>>(
        "Contracts are what modules say to each other: a package in them is a package that every module must take, in the same version, for ever.",
        "Use records, enums and interfaces of System types; requests stay inside their module.",
        units => units.Where(unit => unit.Kind == ProjectKind.Contracts).SelectMany(unit => unit.Code.Select(code => new Verdict(
            $"{unit.Name}: {Short(unit, code)}",
            List(code.Uses.Where(use => !Code.Inside(use.Namespace, "System") && !Code.Inside(use.Namespace, unit.RootNamespace)))))))
        .Check(Product.Units, [FixtureCode.BadContracts], ["BadContracts: Promise", "BadContracts: Order"], [FixtureCode.GoodContracts]);

    [Fact]
    public void A_request_is_no_stream_request_and_has_one_handler() => new Rule<IReadOnlyList<CodeUnit>>(
        "MediatR's behaviors do not run for IStreamRequest: nothing validates or logs it. With two handlers one wins silently, with none the first caller finds out.",
        "Streams are IRequest<IAsyncEnumerable<T>>; one Handler for each request.",
        units => units.SelectMany(unit => unit.Types.Where(IsRequest).Select(request => new Verdict(
            $"{unit.Name}: {request.DeclaringType?.Name ?? request.Name}",
            typeof(IBaseRequest).IsAssignableFrom(request)
                ? unit.Types.Count(type => Handles(type, request)) is var count and not 1 ? $"has {count} handlers" : null
                : "is an IStreamRequest"))))
        .Check(Product.Units, [FixtureCode.Bad], ["Bad: Miswired", "Bad: StreamsPastBehaviors", "Bad: TwiceHandled", "Bad: WithoutHandler"], [FixtureCode.Good]);

    [Theory]
    [InlineData("Minio", "Bad: Features.DrawsThings+Handler")]
    [InlineData("SkiaSharp", "Bad: Features.DrawsThings+Handler")]
    [InlineData("CsvHelper", "Bad: Domain.VendorThing")]
    [InlineData("Parquet", "Bad: Domain.VendorThing")]
    [InlineData("Npgsql", "Bad: Features.QueriesByHand+Handler")]
    [InlineData("Prometheus", "Bad: Features.QueriesByHand+Handler")]
    public void A_vendor_stays_where_it_belongs(string vendor, string offender) => new Rule<IReadOnlyList<CodeUnit>>(
        "A package that is used everywhere cannot be replaced, upgraded or tested around; in one folder it can.",
        "Minio lives in Blobs/S3; SkiaSharp, CsvHelper and Parquet.Net in JobHandlers; Npgsql in Persistence and the BuildingBlocks; prometheus-net in Telemetry and in Ops. Give the rest of the code a word of its own for it.",
        units => units.SelectMany(unit => unit.Code.Where(code => code.Uses.Any(use => Code.Inside(use.Namespace, vendor))).Select(code => new Verdict(
            $"{unit.Name}: {Short(unit, code)}",
            IsHome(vendor, unit, unit.Area(code.Namespace)) ? null : $"uses {vendor}"))))
        .Check(Product.Units, [FixtureCode.Bad], [offender], [FixtureCode.Good]);

    [Fact]
    public void Domain_knows_only_System() => new Rule<IReadOnlyList<CodeUnit>>(
        "Rules that know no database, no HTTP and no package are the ones that a test of a microsecond can prove, and that survive all of them.",
        "Pass in what the rule needs as plain values; do the rest in the Handler or in Persistence.",
        modules => modules.SelectMany(module => module.Code.Where(code => Code.Inside(module.Area(code.Namespace), "Domain")).Select(code => new Verdict(
            $"{module.Name}: {Short(module, code)}",
            List(code.Uses.Where(use => !Code.Inside(use.Namespace, "System") && !Code.Inside(use.Namespace, $"{module.RootNamespace}.Domain") && !IsVocabulary(use)))))))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad: Domain.RefusingThing", "Bad: Domain.StoredThing", "Bad: Domain.VendorThing"], [FixtureCode.Good]);

    [Fact]
    public void A_job_handler_reaches_objects_only_through_its_context() => new Rule<IReadOnlyList<CodeUnit>>(
        "IJobContext asks the lease with every write: a handler that writes past it goes on writing after its job was given to another worker.",
        "Open, list and write through IJobContext; what it cannot do, the contract should learn.",
        modules => modules.SelectMany(module => module.Code.Where(code => Code.Inside(module.Area(code.Namespace), "JobHandlers")).Select(code => new Verdict(
            $"{module.Name}: {Short(module, code)}",
            List(code.Using(
                    "Marten", "Weasel", "Npgsql", "Minio", "System.Data",
                    $"{module.RootNamespace}.Persistence", $"{module.RootNamespace}.Blobs", $"{module.RootNamespace}.Features", $"{module.RootNamespace}.Engine")
                .Concat(code.Uses.Where(use => use.Type == typeof(IArtifactStore).FullName)))))))
        .Check(Product.Modules, [FixtureCode.Bad], ["Bad: JobHandlers.WritesPastTheLease+Handler"], [FixtureCode.Good]);

    private static bool IsHome(string vendor, CodeUnit unit, string area) => vendor switch
    {
        "Minio" => Code.Inside(area, "Blobs.S3"),
        "SkiaSharp" or "CsvHelper" or "Parquet" => Code.Inside(area, "JobHandlers"),
        "Npgsql" => unit.Kind == ProjectKind.BuildingBlocks || Code.Inside(area, "Persistence"),
        "Prometheus" => unit.Name == "Ops" || area.Split('.').Contains("Telemetry", StringComparer.Ordinal),
        _ => throw new ArgumentOutOfRangeException(nameof(vendor)),
    };

    /// <summary>The unit with the longest root: Contracts lie inside their module's namespace.</summary>
    private static CodeUnit? OwnerOf(string ns) => Product.Units.Where(unit => Code.Inside(ns, unit.RootNamespace)).MaxBy(unit => unit.RootNamespace.Length);

    /// <summary>A word that projects share: an enum or a record that itself knows only System.</summary>
    private static bool IsVocabulary(Use use) => OwnerOf(use.Namespace) is { Kind: ProjectKind.Contracts or ProjectKind.BuildingBlocks } owner
        && owner.Types.FirstOrDefault(type => type.FullName == use.Type) is { } type
        && (type.IsEnum || type.GetMethod("<Clone>$") is not null)
        && owner.Code.First(code => code.FullName == use.Type).Uses.All(inner => Code.Inside(inner.Namespace, "System") || inner.Type == use.Type);

    private static string Short(CodeUnit unit, Code code) => code.FullName[(unit.RootNamespace.Length + 1)..];

    private static string? List(IEnumerable<Use> uses) =>
        uses.Select(use => use.Type).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } found ? $"uses {string.Join(", ", found)}" : null;

    private static bool IsRequest(Type type) => !type.IsAbstract && (typeof(IBaseRequest).IsAssignableFrom(type) || type.GetInterfaces().Any(face => IsGeneric(face, typeof(IStreamRequest<>))));

    private static bool Handles(Type type, Type request) => !type.IsAbstract && type.GetInterfaces().Any(face =>
        (IsGeneric(face, typeof(IRequestHandler<>)) || IsGeneric(face, typeof(IRequestHandler<,>))) && face.GenericTypeArguments[0] == request);

    private static bool IsGeneric(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;
}
