using System.ComponentModel;
using System.Globalization;
using System.IO.Compression;
using FluentValidation;
using Modular.Jobs.Contracts;

namespace Modular.Storage.JobHandlers;

internal static class ZipObjects
{
    private const int MaxKeys = 1_000;
    private const int MaxEntries = 10_000;
    private const long MaxBytes = 10L << 30;

    // The first moment that zip can tell: the same objects give the same bytes, whenever they are packed.
    private static readonly DateTimeOffset EntryTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public sealed record Payload(
        [property: Description("The key of the archive. An object that is there is replaced when the archive is complete.")]
        string Output,
        [property: Description("The objects to pack, 1 to 1,000 keys, in this order; entries are named by their keys. Give keys or prefix, not both.")]
        string[]? Keys = null,
        [property: Description("Packs every object whose key starts with this, at most 10,000, in key order, without the output itself; an entry is named by what follows the prefix's last slash. All objects together: at most 10 GiB.")]
        string? Prefix = null);

    public sealed record Result(string Key, int Entries, long Bytes, string Sha256);

    public sealed class Validator : AbstractValidator<Payload>
    {
        public Validator()
        {
            RuleFor(payload => payload.Output).IsObjectKey();
            RuleFor(payload => payload.Prefix).IsKeyPrefix();
            RuleFor(payload => payload.Keys)
                .Must((payload, keys) => keys is null != payload.Prefix is null).WithMessage("must be given, or else prefix, but not both")
                .Must(keys => keys is null or { Length: >= 1 and <= MaxKeys }).WithMessage("must be from 1 to 1,000 keys")
                .Must(keys => keys is null || keys.Distinct(StringComparer.Ordinal).Count() == keys.Length).WithMessage("must name each object once")
                .Must((payload, keys) => keys is null || !keys.Contains(payload.Output, StringComparer.Ordinal)).WithMessage("must not contain the output");
            RuleForEach(payload => payload.Keys).IsObjectKey();
        }
    }

    [JobType("archive.zip", "Packs objects into a zip archive and stores it as an object.")]
    public sealed class Handler : IJobHandler<Payload, Result>
    {
        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            var sources = await ListAsync(payload, context, cancellationToken);
            var total = Math.Max(1, sources.Sum(source => source.Size));
            var packed = 0L;

            var archive = await context.WriteObjectAsync(payload.Output, "application/zip", WriteAsync, cancellationToken);
            return new Result(archive.Key, sources.Count, archive.Size, archive.Sha256);

            async Task WriteAsync(Stream output, CancellationToken cancellationToken)
            {
                // An entry's last block is written synchronously, which the output need not be able to: it goes into this buffer, emptied just before.
                var buffer = new BufferedStream(output, 256 * 1024);
                await using (var zip = await ZipArchive.CreateAsync(buffer, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellationToken))
                {
                    foreach (var source in sources)
                    {
                        var entry = zip.CreateEntry(EntryName(source.Key, payload.Prefix));
                        entry.LastWriteTime = EntryTime;
                        await using var target = await entry.OpenAsync(cancellationToken);
                        await using var bytes = await context.OpenObjectAsync(source.Key, cancellationToken);
                        var before = packed;
                        var metered = new MeteredStream(bytes, read => Report(source.Key, packed = before + read), cancellationToken);
                        try
                        {
                            await metered.CopyToAsync(target, cancellationToken);
                        }
                        finally
                        {
                            await buffer.FlushAsync(CancellationToken.None);
                        }
                    }
                }

                await buffer.FlushAsync(cancellationToken);
            }

            void Report(string key, long packed)
            {
                RefuseMoreThan(packed);
                context.ReportProgress(100.0 * packed / total, $"packing {key}");
            }
        }

        private static async Task<List<ArtifactRef>> ListAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            var sources = new List<ArtifactRef>();
            if (payload.Prefix is { } prefix)
            {
                await foreach (var source in context.ListObjectsAsync(prefix, cancellationToken))
                {
                    if (source.Key != payload.Output)
                    {
                        sources.Add(source);
                    }

                    if (sources.Count > MaxEntries)
                    {
                        throw TooLarge($"More than {MaxEntries:N0} objects start with '{prefix}'; pack them in parts, by longer prefixes.");
                    }
                }
            }

            foreach (var key in payload.Keys ?? [])
            {
                sources.Add(await context.FindObjectAsync(key, cancellationToken));
            }

            if (sources.Count == 0)
            {
                throw new JobFailedException($"No object starts with '{payload.Prefix}', so there is nothing to pack.") { ErrorType = "NothingToArchive" };
            }

            RefuseMoreThan(sources.Sum(source => source.Size));
            return sources;
        }

        private static string EntryName(string key, string? prefix) => prefix is null ? key : key[(prefix.LastIndexOf('/') + 1)..];

        private static void RefuseMoreThan(long bytes)
        {
            if (bytes > MaxBytes)
            {
                throw TooLarge($"The objects are larger than {MaxBytes:N0} bytes together; pack them in parts.");
            }
        }

        private static JobFailedException TooLarge(FormattableString message) =>
            new(message.ToString(CultureInfo.InvariantCulture)) { ErrorType = "ArchiveTooLarge" };
    }
}
