using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Modular.Ops.Domain;

/// <summary>The text of an API key: <c>mk_</c> and 256 random bits in base64url.</summary>
internal static class KeyText
{
    /// <summary>Lets secret scanners and people recognize a key.</summary>
    private const string Prefix = "mk_";

    private const int Bytes = 32;

    public static string Create() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>Asked before the database is: what cannot be a key costs no query.</summary>
    public static bool IsWellFormed(string text) =>
        text.StartsWith(Prefix, StringComparison.Ordinal)
        && Base64Url.IsValid(text.AsSpan(Prefix.Length), out var decoded)
        && decoded == Bytes;

    public static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
