namespace Modular.ArchitectureTests.Fixtures.Good.Domain;

internal sealed record Thing(Guid Id, string Name)
{
    public const int LongestName = 64;

    public Thing Rename(string name) => this with { Name = name };
}
