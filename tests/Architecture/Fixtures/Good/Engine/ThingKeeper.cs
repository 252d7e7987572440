namespace Modular.ArchitectureTests.Fixtures.Good.Engine;

/// <summary>Blocks only the thread that it started.</summary>
internal sealed class ThingKeeper(Persistence.ThingLease lease)
{
    public void Start() => new Thread(() => lease.Renew()) { IsBackground = true }.Start();
}
