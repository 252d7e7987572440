using Marten;
using Modular.BuildingBlocks.Persistence;
using Modular.BuildingBlocks.Security;
using Modular.Ops.Domain;

namespace Modular.Ops.Persistence;

/// <summary>
/// One request's entry. It waits in the session that the request's handlers share; Marten serializes it when that session is saved, so what
/// a handler adds to it before its own commit is stored too.
/// </summary>
internal sealed class AuditTrail(IDocumentSession session, TimeProvider time) : IAuditTrail
{
    private AuditEntry? _entry;

    public void Stage(string actor, string action, string? target, string? clientIp)
    {
        var at = time.GetUtcNow();
        _entry = new AuditEntry { Id = OrderedId.At(at), At = at, Actor = actor, Action = action, Target = target, ClientIp = clientIp };
        session.Insert(_entry);
    }

    public void Describe(string? target, string? detail)
    {
        if (_entry is not null)
        {
            _entry.Target = target ?? _entry.Target;
            _entry.Detail = detail;
        }
    }

    public void Withdraw()
    {
        if (_entry is not null)
        {
            session.Eject(_entry);
        }
    }

    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (session.PendingChanges.InsertsFor<AuditEntry>().Any())
        {
            await session.SaveChangesAsync(cancellationToken);
        }
    }
}
