namespace Modular.ArchitectureTests;

/// <summary>Compares what the code says today with a text file that somebody approved.</summary>
internal static class ApprovedText
{
    private const int ShownLines = 60;
    private const int FarthestMeeting = 400;

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

    /// <summary>Each place where they differ; they meet again where two lines in a row are the same (one brace alone is the same everywhere).</summary>
    private static string Difference(string[] approved, string[] received)
    {
        var lines = new List<string>();
        var (old, now) = (0, 0);
        while (old < approved.Length || now < received.Length)
        {
            if (Same(approved, received, old, now))
            {
                (old, now) = (old + 1, now + 1);
                continue;
            }

            var (dropped, added) = Meet(approved, received, old, now);
            lines.Add($"  line {now + 1}:");
            lines.AddRange(approved[old..(old + dropped)].Select(line => $"- {line}"));
            lines.AddRange(received[now..(now + added)].Select(line => $"+ {line}"));
            (old, now) = (old + dropped, now + added);
        }

        return string.Join('\n', lines.Count > ShownLines ? lines.Take(ShownLines).Append($"… {lines.Count - ShownLines} lines more") : lines);
    }

    private static (int Dropped, int Added) Meet(string[] approved, string[] received, int old, int now)
    {
        for (var distance = 1; distance <= FarthestMeeting; distance++)
        {
            for (var dropped = 0; dropped <= distance; dropped++)
            {
                var added = distance - dropped;
                if (Same(approved, received, old + dropped, now + added) && Same(approved, received, old + dropped + 1, now + added + 1))
                {
                    return (dropped, added);
                }
            }
        }

        return (approved.Length - Math.Min(old, approved.Length), received.Length - Math.Min(now, received.Length));
    }

    /// <summary>Beyond the end both are empty, and so the same.</summary>
    private static bool Same(string[] approved, string[] received, int old, int now) => approved.ElementAtOrDefault(old) == received.ElementAtOrDefault(now);
}
