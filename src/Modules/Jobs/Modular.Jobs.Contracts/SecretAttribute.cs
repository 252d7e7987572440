namespace Modular.Jobs.Contracts;

/// <summary>
/// Marks a member of a payload whose texts are secret. They are kept encrypted, apart from the payload, in which clients and operators see <c>***</c> instead;
/// the handler gets them as they were sent. What a handler does with them is its own care: they must not get into results, errors, progress or log lines.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;
