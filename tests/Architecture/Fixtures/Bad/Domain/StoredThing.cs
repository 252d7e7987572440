using Marten.Schema;

namespace Modular.ArchitectureTests.Fixtures.Bad.Domain;

/// <summary>Breaks: Domain knows only System.</summary>
[DocumentAlias("thing")]
internal sealed record StoredThing(Guid Id);
