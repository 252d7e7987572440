namespace Modular.ArchitectureTests.Fixtures.GoodContracts;

internal sealed record ThingName(Guid Id, string Name);

internal interface IThings
{
    Task<ThingName?> FindAsync(Guid id, CancellationToken cancellationToken);
}
