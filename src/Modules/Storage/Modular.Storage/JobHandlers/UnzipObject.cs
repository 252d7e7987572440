using System.Collections.ObjectModel;
using System.ComponentModel;
using System.Globalization;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using FluentValidation;
using Microsoft.AspNetCore.StaticFiles;
using Modular.Jobs.Contracts;
using Modular.Storage.Domain;

namespace Modular.Storage.JobHandlers;

internal static class UnzipObject
{
    private const int MaxEntries = 10_000;
    private const long MaxBytes = 10L << 30;
    private const int MaxRatio = 200;

    // The directory is held in memory while the archive is open: 10,000 entries with the longest keys need 11 MiB of it.
    private const long MaxDirectoryBytes = 16 << 20;

    private const int CheckpointEntries = 100;
    private const long CheckpointBytes = 64 << 20;

    private static readonly FileExtensionContentTypeProvider ContentTypes = new();

    public sealed record Payload(
        [property: Description("The zip archive, at most 10 GiB. It is refused as a whole, with nothing written, when it is corrupt or encrypted, holds a link, a name twice or a name that is no valid key, or unpacks to more than 10,000 entries, 10 GiB or 200 times its size (counted while unpacking, whatever it declares).")]
        string Key,
        [property: Description("Where the entries go: an entry a/b.txt becomes the object {outputPrefix}/a/b.txt. Objects that are there are replaced one by one. Folders are skipped.")]
        string OutputPrefix);

    public sealed record Result(int Entries, long Bytes);

    public sealed class Validator : AbstractValidator<Payload>
    {
        public Validator()
        {
            RuleFor(payload => payload.Key).IsObjectKey();
            RuleFor(payload => payload.OutputPrefix).NotEmpty().WithMessage("must be a prefix such as unpacked/").IsKeyPrefix();
        }
    }

    [JobType("archive.unzip", "Unpacks a zip archive into objects: all of them, or none when anything in the archive is wrong.")]
    public sealed class Handler : IJobHandler<Payload, Result>
    {
        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            var source = await context.FindObjectAsync(payload.Key, cancellationToken);
            await using var spool = await SpoolFile.CopyAsync(source, MaxBytes, "ArchiveTooLarge", context, cancellationToken);
            var directoryRead = false;
            var metered = new MeteredStream(spool, read => RefuseDirectory(!directoryRead && read > MaxDirectoryBytes), cancellationToken);

            try
            {
                await using var zip = await ZipArchive.CreateAsync(metered, ZipArchiveMode.Read, leaveOpen: true, Encoding.UTF8, cancellationToken);
                var entries = Name(zip.Entries, payload.OutputPrefix);
                directoryRead = true;

                // Twice over the bytes: the first time into nothing, so that a bomb or a broken entry at the end leaves no objects of those before it.
                var bytes = await MeasureAsync(entries, source.Size, context, cancellationToken);
                await PublishAsync(entries, source, bytes, context, cancellationToken);
                return new Result(entries.Count, bytes);
            }
            catch (InvalidDataException problem)
            {
                throw Invalid($"'{payload.Key}' is not a readable zip archive: {problem.Message}", problem);
            }
        }

        /// <summary>Gives every file of the archive its key; refuses what the directory alone shows to be wrong.</summary>
        private static List<Entry> Name(ReadOnlyCollection<ZipArchiveEntry> all, string outputPrefix)
        {
            if (all.Count > MaxEntries)
            {
                throw TooLarge($"The archive has {all.Count:N0} entries; at most {MaxEntries:N0} are unpacked.");
            }

            var prefix = outputPrefix.EndsWith('/') ? outputPrefix : outputPrefix + "/";
            var keys = new HashSet<string>(StringComparer.Ordinal);
            var entries = new List<Entry>();
            foreach (var entry in all)
            {
                RefuseSpecial(entry);
                if (entry.FullName.EndsWith('/'))
                {
                    continue;
                }

                var key = KeyOf(entry.FullName, prefix);
                if (!keys.Add(key))
                {
                    throw Invalid($"The archive has more than one entry for '{key}'.");
                }

                entries.Add(new Entry(entry, key));
            }

            return entries;
        }

        private static void RefuseSpecial(ZipArchiveEntry entry)
        {
            const int TypeMask = 0xF000;
            const int RegularFile = 0x8000;
            const int Directory = 0x4000;
            if (entry.IsEncrypted)
            {
                throw Invalid($"Entry '{entry.FullName}' is encrypted; pack it without a password.");
            }

            // Unix keeps the file's type in the upper half; other systems leave zero there.
            if (((entry.ExternalAttributes >> 16) & TypeMask) is not (0 or RegularFile or Directory))
            {
                throw Invalid($"Entry '{entry.FullName}' is a link or a device; only files are unpacked.");
            }
        }

        private static string KeyOf(string name, string prefix)
        {
            // The reader puts U+FFFD where bytes are no UTF-8; two such names could become one key.
            var problem = name.Contains('\uFFFD', StringComparison.Ordinal) ? "must be UTF-8" : null;
            problem ??= name is [_, ':', ..] && char.IsAsciiLetter(name[0]) ? "must not start with a drive letter" : null;

            // macOS stores names decomposed; keys are composed.
            var key = problem is null && ObjectKey.TryParse(name.Normalize(NormalizationForm.FormC), out var relative, out problem) ? prefix + relative : null;
            if (key is not null && ObjectKey.TryParse(key, out _, out problem))
            {
                return key;
            }

            throw Invalid($"The name of entry '{name}' {problem}; nothing was unpacked.");
        }

        private static async Task<long> MeasureAsync(List<Entry> entries, long archiveBytes, IJobContext context, CancellationToken cancellationToken)
        {
            var buffer = new byte[128 * 1024];
            var total = 0L;
            var declared = entries.Sum(entry => (decimal)entry.Source.Length);
            RefuseMoreThan(declared, archiveBytes);
            foreach (var (source, key) in entries)
            {
                context.ReportProgress(40.0 * total / Math.Max(1, (double)declared), $"checking {key}");
                var crc = new Crc32();
                var length = 0L;
                await using var bytes = await source.OpenAsync(cancellationToken);
                while (await bytes.ReadAsync(buffer, cancellationToken) is > 0 and var read)
                {
                    crc.Append(buffer.AsSpan(0, read));
                    length += read;
                    total += read;
                    RefuseMoreThan(total, archiveBytes);
                }

                if (length != source.Length || crc.GetCurrentHashAsUInt32() != source.Crc32)
                {
                    throw Invalid($"Entry '{source.FullName}' is corrupt: its bytes do not match the archive's size and checksum.");
                }
            }

            return total;
        }

        private static async Task PublishAsync(List<Entry> entries, ArtifactRef archive, long total, IJobContext context, CancellationToken cancellationToken)
        {
            var saved = await context.LoadCheckpointAsync<Checkpoint>(cancellationToken);
            var published = saved?.ArchiveSha256 == archive.Sha256 ? saved.Published : 0;
            var done = entries.Take(published).Sum(entry => entry.Source.Length);
            var (savedEntries, savedBytes) = (published, done);
            foreach (var (source, key) in entries.Skip(published))
            {
                if (!ContentTypes.TryGetContentType(key, out var contentType))
                {
                    contentType = "application/octet-stream";
                }

                await context.WriteObjectAsync(key, contentType, async (output, cancellationToken) =>
                {
                    await using var bytes = await source.OpenAsync(cancellationToken);
                    await bytes.CopyToAsync(output, cancellationToken);
                }, cancellationToken);
                done += source.Length;
                published++;
                context.ReportProgress(40 + (60.0 * done / Math.Max(1, total)), $"unpacked {key}");
                if (published - savedEntries >= CheckpointEntries || done - savedBytes >= CheckpointBytes)
                {
                    await context.SaveCheckpointAsync(new Checkpoint(archive.Sha256, published), cancellationToken);
                    (savedEntries, savedBytes) = (published, done);
                }
            }
        }

        private static void RefuseMoreThan(decimal bytes, long archiveBytes)
        {
            if (bytes > Math.Min(MaxBytes, (decimal)archiveBytes * MaxRatio))
            {
                throw TooLarge($"The archive unpacks to more than {MaxBytes:N0} bytes or {MaxRatio} times its size; nothing was unpacked.");
            }
        }

        private static void RefuseDirectory(bool tooLarge)
        {
            if (tooLarge)
            {
                throw TooLarge($"The archive's directory is larger than {MaxDirectoryBytes:N0} bytes; at most {MaxEntries:N0} entries are unpacked.");
            }
        }

        private static JobFailedException Invalid(string message, Exception? cause = null) => new(message, cause) { ErrorType = "InvalidArchive" };

        private static JobFailedException TooLarge(FormattableString message) =>
            new(message.ToString(CultureInfo.InvariantCulture)) { ErrorType = "ArchiveTooLarge" };

        private sealed record Entry(ZipArchiveEntry Source, string Key);

        private sealed record Checkpoint(string ArchiveSha256, int Published);
    }
}
