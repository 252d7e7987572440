namespace Modular.BuildingBlocks.Security;

/// <summary>Keys for signing and encrypting, all derived from the deployment's one random secret.</summary>
public interface ISecretKeys
{
    /// <summary>A 32-byte key for one purpose (HKDF-SHA256): the same on every replica and after every restart. Available once the Host has started.</summary>
    /// <param name="purpose">Names the use, such as <c>objects.links</c>: no two uses share a key.</param>
    byte[] Derive(string purpose);
}
