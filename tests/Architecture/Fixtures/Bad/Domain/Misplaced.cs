namespace Modular.ArchitectureTests.Fixtures.Bad.Elsewhere;

/// <summary>Breaks: a file's namespace is its folder.</summary>
internal sealed record Misplaced;
