using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Security;
using Modular.Jobs.Contracts;
using Modular.Jobs.Domain;
using Modular.Jobs.Engine;
using Modular.Jobs.Persistence;

namespace Modular.Jobs.Secrets;

/// <summary>
/// Takes the secret members out of a payload before it is stored and puts them back for the handler. What is stored, listed and streamed as the payload
/// holds <c>***</c> in their place, so that no reader has to remember to hide anything; the secrets lie beside it, encrypted (AES-256-GCM) and bound to the job.
/// </summary>
internal sealed class PayloadSeal(JobTypes types, ISecretKeys keys)
{
    private const string Mask = "***";
    private const string Version = "1:";
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly Lazy<byte[]> _key = new(() => keys.Derive("jobs.payload-secrets"));

    public NewJob Seal(NewJob job)
    {
        if (types.Find(job.Document.Type) is not { SecretMembers: { Count: > 0 } members } || JsonObject.Create(job.Document.Payload) is not { } payload)
        {
            return job;
        }

        var secrets = new JsonObject();
        foreach (var member in members)
        {
            if (payload[member] is { } value)
            {
                secrets[member] = value.DeepClone();
                payload[member] = Masked(value);
            }
        }

        return secrets.Count == 0 ? job : job with
        {
            Document = job.Document with
            {
                Payload = JsonSerializer.SerializeToElement(payload, Json.Options),
                Sealed = Encrypt(JsonSerializer.SerializeToUtf8Bytes(secrets, Json.Options), Binding(job.Document)),
            },
        };
    }

    /// <summary>The payload as the client sent it.</summary>
    /// <exception cref="JobFailedException">The secrets cannot be read any more.</exception>
    public JsonElement Open(Submission submission)
    {
        if (submission.Sealed is not { } text)
        {
            return submission.Payload;
        }

        var payload = JsonObject.Create(submission.Payload)!;
        foreach (var (member, value) in JsonSerializer.Deserialize<JsonObject>(Decrypt(text, Binding(submission)), Json.Options)!)
        {
            payload[member] = value?.DeepClone();
        }

        return JsonSerializer.SerializeToElement(payload, Json.Options);
    }

    private static JsonNode? Masked(JsonNode? value) => value switch
    {
        JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Masked(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Masked)]),
        null => null,
        _ => JsonValue.Create(Mask),
    };

    // Copied to another row, the ciphertext opens nothing.
    private static byte[] Binding(Submission submission) => Encoding.UTF8.GetBytes($"{submission.Id:N} {submission.Type}");

    private string Encrypt(byte[] plain, byte[] binding)
    {
        var sealedBytes = new byte[NonceBytes + TagBytes + plain.Length];
        var nonce = sealedBytes.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key.Value, TagBytes);
        aes.Encrypt(nonce, plain, sealedBytes.AsSpan(NonceBytes + TagBytes), sealedBytes.AsSpan(NonceBytes, TagBytes), binding);
        return Version + Convert.ToBase64String(sealedBytes);
    }

    private byte[] Decrypt(string text, byte[] binding)
    {
        try
        {
            var sealedBytes = Convert.FromBase64String(text[Version.Length..]);
            var plain = new byte[sealedBytes.Length - NonceBytes - TagBytes];
            using var aes = new AesGcm(_key.Value, TagBytes);
            aes.Decrypt(sealedBytes.AsSpan(0, NonceBytes), sealedBytes.AsSpan(NonceBytes + TagBytes), sealedBytes.AsSpan(NonceBytes, TagBytes), plain, binding);
            return plain;
        }
        catch (Exception problem) when (problem is CryptographicException or FormatException or OverflowException or ArgumentException)
        {
            throw new JobFailedException("The secret part of the payload cannot be read: it was encrypted under another secret of this deployment. Submit the job again.", problem)
            {
                ErrorType = "SecretsUnreadable",
            };
        }
    }
}
