using System.Globalization;
using Modular.Jobs.Contracts;

namespace Modular.Storage.JobHandlers;

/// <summary>
/// A temp file for formats that must be read from their end (zip, Parquet) or written by native code: memory stays flat whatever the size. The file goes
/// when it is closed.
/// </summary>
internal static class SpoolFile
{
    public static FileStream Create()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose,
            BufferSize = 64 * 1024,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(Path.Combine(Path.GetTempPath(), $"modular-{Guid.NewGuid():N}.spool"), options);
    }

    /// <summary>Copies an object into a temp file, positioned at its start.</summary>
    /// <param name="source">The object.</param>
    /// <param name="maxBytes">The most that is copied.</param>
    /// <param name="tooLarge">The error type of an object that is larger, such as <c>ArchiveTooLarge</c>.</param>
    /// <param name="context">The attempt.</param>
    /// <param name="cancellationToken">Ends the copy; the file is gone.</param>
    /// <exception cref="JobFailedException">The object is larger than <paramref name="maxBytes"/>.</exception>
    public static async Task<FileStream> CopyAsync(
        ArtifactRef source, long maxBytes, string tooLarge, IJobContext context, CancellationToken cancellationToken)
    {
        var file = Create();
        try
        {
            Refuse(source.Size);
            await using var bytes = await context.OpenObjectAsync(source.Key, cancellationToken);
            await new MeteredStream(bytes, Refuse, cancellationToken).CopyToAsync(file, cancellationToken);
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }

        void Refuse(long size)
        {
            if (size > maxBytes)
            {
                var message = string.Create(CultureInfo.InvariantCulture, $"'{source.Key}' is larger than the {maxBytes:N0} bytes that this job type takes.");
                throw new JobFailedException(message) { ErrorType = tooLarge };
            }
        }
    }
}
