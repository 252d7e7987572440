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

    /// <summary>Each place where they differ, with as few lines as possible.</summary>
    private static string Difference(string[] approved, string[] received)
    {
        // The longest run of common lines from each pair of places on; the texts have thousands of lines, not more.
        var common = new int[approved.Length + 1, received.Length + 1];
        for (var old = approved.Length - 1; old >= 0; old--)
        {
            for (var now = received.Length - 1; now >= 0; now--)
            {
                common[old, now] = approved[old] == received[now] ? common[old + 1, now + 1] + 1 : Math.Max(common[old + 1, now], common[old, now + 1]);
            }
        }

        var lines = new List<string>();
        var (from, to, inside) = (0, 0, false);
        while (from < approved.Length || to < received.Length)
        {
            if (from < approved.Length && to < received.Length && approved[from] == received[to])
            {
                (from, to, inside) = (from + 1, to + 1, false);
                continue;
            }

            if (!inside)
            {
                lines.Add($"  line {to + 1}:");
                inside = true;
            }

            var drops = to == received.Length || (from < approved.Length && common[from + 1, to] >= common[from, to + 1]);
            lines.Add(drops ? $"- {approved[from++]}" : $"+ {received[to++]}");
        }

        return string.Join('\n', lines.Count > ShownLines ? lines.Take(ShownLines).Append($"… {lines.Count - ShownLines} lines more") : lines);
    }
}
