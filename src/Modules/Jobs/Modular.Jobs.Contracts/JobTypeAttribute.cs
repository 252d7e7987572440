namespace Modular.Jobs.Contracts;

/// <summary>Names the job type that a handler runs, as clients submit it: <c>[a-z0-9][a-z0-9._-]{0,63}</c>, unique in the Host.</summary>
/// <param name="name">For example <c>archive.zip</c>.</param>
/// <param name="description">One sentence for <c>GET /job-types</c>: what the job does and where its result goes.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class JobTypeAttribute(string name, string description) : Attribute
{
    /// <summary>The type as clients submit it.</summary>
    public string Name { get; } = name;

    /// <summary>What the job does, in one sentence.</summary>
    public string Description { get; } = description;
}
