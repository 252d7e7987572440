using System.Security.Cryptography;

namespace Modular.Jobs.Engine;

/// <summary>This process among the replicas.</summary>
internal sealed class Replica(JobsOptions options)
{
    private int _id;

    /// <summary>Host name and a random part: unique over restarts.</summary>
    public string Name { get; } = $"{Environment.MachineName.ToLowerInvariant()}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";

    public int Capacity { get; } = options.Concurrency;

    /// <summary>The lease row; another one after the replica was declared dead and came back. 0: not registered.</summary>
    public int Id
    {
        get => Volatile.Read(ref _id);
        set => Volatile.Write(ref _id, value);
    }
}
