using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Modular.Storage.Blobs.FileSystem;

/// <summary>A folder's own durability: a rename survives a power cut only when the folder that holds the name was synced.</summary>
internal static partial class Folder
{
    private const int ReadOnly = 0;

    /// <summary>Syncs the folder's entries; Windows has no such call and needs none (NTFS journals its names).</summary>
    /// <exception cref="IOException">The folder cannot be synced.</exception>
    public static void Sync(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        // File.OpenHandle refuses folders, so the handle comes from the C library; the sync is .NET's own.
        var descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
        {
            throw new IOException($"The folder {path} cannot be opened (errno {Marshal.GetLastPInvokeError()}).");
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);
}
