using System.Buffers.Binary;
using System.ComponentModel;
using System.Globalization;
using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FluentValidation;
using Modular.Jobs.Contracts;

namespace Modular.Storage.JobHandlers;

internal static class ChecksumObject
{
    private static readonly string[] Known = ["md5", "sha1", "sha256", "sha512", "crc32c"];

    public sealed record Payload(
        [property: Description("The object to read. Any size: it is streamed.")]
        string Key,
        [property: Description("One or more of md5, sha1, sha256, sha512 and crc32c, each once. All are computed in one pass.")]
        string[] Algorithms);

    /// <summary>Algorithm to checksum, in lower-case hex.</summary>
    public sealed class Result() : Dictionary<string, string>(StringComparer.Ordinal);

    public sealed class Validator : AbstractValidator<Payload>
    {
        public Validator()
        {
            RuleFor(payload => payload.Key).IsObjectKey();
            RuleFor(payload => payload.Algorithms)
                .NotEmpty().WithMessage("must name at least one of " + string.Join(", ", Known))
                .Must(names => names is null || names.Distinct(StringComparer.Ordinal).Count() == names.Length).WithMessage("must name each algorithm once");
            RuleForEach(payload => payload.Algorithms).Must(name => Known.Contains(name, StringComparer.Ordinal))
                .WithMessage("must be one of " + string.Join(", ", Known));
        }
    }

    [JobType("object.checksum", "Computes checksums of an object in one pass over its bytes.")]
    public sealed class Handler : IJobHandler<Payload, Result>
    {
        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            var source = await context.FindObjectAsync(payload.Key, cancellationToken);
            await using var bytes = await context.OpenObjectAsync(payload.Key, cancellationToken);
            var digests = payload.Algorithms.Where(name => name != "crc32c")
                .ToDictionary(name => name, name => IncrementalHash.CreateHash(new HashAlgorithmName(name.ToUpperInvariant())), StringComparer.Ordinal);
            var crc = payload.Algorithms.Contains("crc32c", StringComparer.Ordinal) ? new Crc32C() : null;
            try
            {
                var buffer = new byte[128 * 1024];
                var done = 0L;
                while (await bytes.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                {
                    var chunk = buffer.AsSpan(0, read);
                    crc?.Append(chunk);
                    foreach (var digest in digests.Values)
                    {
                        digest.AppendData(chunk);
                    }

                    done += read;
                    context.ReportProgress(100.0 * done / Math.Max(1, source.Size), string.Create(CultureInfo.InvariantCulture, $"read {done:N0} bytes"));
                }

                var result = new Result();
                foreach (var name in payload.Algorithms)
                {
                    result[name] = Convert.ToHexStringLower(name == "crc32c" ? crc!.GetCurrentHash() : digests[name].GetCurrentHash());
                }

                return result;
            }
            finally
            {
                foreach (var digest in digests.Values)
                {
                    digest.Dispose();
                }
            }
        }
    }

    /// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4), by the processor's own instruction where it has one; shown big-endian, as object stores do.</summary>
    private sealed class Crc32C() : NonCryptographicHashAlgorithm(sizeof(uint))
    {
        private uint _state = uint.MaxValue;

        public override void Append(ReadOnlySpan<byte> source)
        {
            var words = MemoryMarshal.Cast<byte, ulong>(source);
            foreach (var word in words)
            {
                _state = BitOperations.Crc32C(_state, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
            }

            foreach (var rest in source[(words.Length * sizeof(ulong))..])
            {
                _state = BitOperations.Crc32C(_state, rest);
            }
        }

        public override void Reset() => _state = uint.MaxValue;

        protected override void GetCurrentHashCore(Span<byte> destination) => BinaryPrimitives.WriteUInt32BigEndian(destination, ~_state);
    }
}
