using Modular.BuildingBlocks.Http;

namespace Modular.ArchitectureTests.Fixtures.Bad.Domain;

/// <summary>Breaks: Domain knows only System: a refusal speaks HTTP.</summary>
internal static class RefusingThing
{
    public static string Name(string name) => name.Length > 0 ? name : throw Refusal.Invalid("name", "must not be empty");
}
