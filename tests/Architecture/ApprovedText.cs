using System.Text;

namespace Modular.ArchitectureTests;

/// <summary>Compares what the code says today with a text file that somebody approved.</summary>
internal static class ApprovedText
{
    private const int ShownLines = 60;

    /// <summary>True when <c>MODULAR_APPROVE=1</c>: what is received becomes what is approved.</summary>
    public static bool IsApproving => Environment.GetEnvironmentVariable("MODULAR_APPROVE") == "1";

    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "Architecture", "Approved");

    /// <summary>Null when they are the same; else the difference and what to do about it. The received text then lies beside the approved one.</summary>
    public static string? Compare(string folder, string name, string received, bool approve)
    {
        var approvedFile = Path.Combine(folder, name);
        var receivedFile = Path.Combine(folder, $"{Path.GetFileNameWithoutExtension(name)}.received{Path.GetExtension(name)}");
        received = Normalize(received);
        if (approve)
        {
            File.WriteAllText(approvedFile, received);
        }

        var approved = File.Exists(approvedFile) ? Normalize(File.ReadAllText(approvedFile)) : "";
        if (approved == received)
        {
            File.Delete(receivedFile);
            return null;
        }

        File.WriteAllText(receivedFile, received);
        return $"""
            {name} is not what was approved (- approved, + now):
            {Difference(approved.Split('\n'), received.Split('\n'))}
            Why: others build on this text; the diff of the approved file is the review of a change to it.
            What to do: when the change is meant, run `make approve` (or set MODULAR_APPROVE=1) and commit the file; a removed or renamed line breaks clients. Else undo it.
            The whole: git diff --no-index {approvedFile} {receivedFile}
            """;
    }

    private static string Normalize(string text) => text.ReplaceLineEndings("\n").TrimEnd('\n') + "\n";

    /// <summary>The lines between the first and the last difference.</summary>
    private static string Difference(string[] approved, string[] received)
    {
        var start = 0;
        while (start < Math.Min(approved.Length, received.Length) && approved[start] == received[start])
        {
            start++;
        }

        var end = 0;
        while (end < Math.Min(approved.Length, received.Length) - start && approved[^(end + 1)] == received[^(end + 1)])
        {
            end++;
        }

        var lines = approved[start..^end].Select(line => $"- {line}").Concat(received[start..^end].Select(line => $"+ {line}")).ToArray();
        var text = new StringBuilder($"  from line {start + 1}:\n").AppendJoin('\n', lines.Take(ShownLines));
        return (lines.Length > ShownLines ? text.Append($"\n… {lines.Length - ShownLines} lines more") : text).ToString();
    }
}
